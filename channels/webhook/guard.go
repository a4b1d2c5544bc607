package webhook

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// errInside: the address is no public one.
var errInside = errors.New("the address is not a public one")

// inside are the networks that nobody outside can be reached in: the IANA special-purpose registries (RFC 6890), multicast and what is reserved.
var inside = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// carriers hold an IPv4 address in their last bytes, or, where from is set, in the bytes from there: NAT64 (RFC 6052 §2.1), IPv4-translated (RFC 2765 §2.1),
// and 6to4 (RFC 3056 §2).
var carriers = []struct {
	prefix netip.Prefix
	from   int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// public reports whether the address is somebody's on the Internet, in whatever form it is written.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return false
	}
	for _, c := range carriers {
		if c.prefix.Contains(ip) {
			bytes := ip.As16()
			carried, _ := netip.AddrFromSlice(bytes[c.from : c.from+4])
			return public(carried)
		}
	}
	return true
}

// guard refuses what a name leads to, just before it is connected to: whoever answers for the name may say something else each time it is asked.
func guard(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return errInside
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !public(ip) {
		return errInside
	}
	return nil
}
