package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// DomainRates are mails a second by domain, as people write them: gmail.com=20,*=0. "*" is each domain that is not named; 0 is unlimited.
type DomainRates map[string]float64

// UnmarshalText reads the list. A domain outside ASCII may be written either way (почта.рф, xn--80a1acny.xn--p1ai) and is kept in Unicode, as members' addresses are.
func (r *DomainRates) UnmarshalText(text []byte) error {
	rates := DomainRates{}
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		domain, rate, _ := strings.Cut(part, "=")
		domain = strings.ToLower(strings.TrimSpace(domain))
		ascii, uni := bothForms(domain)
		n, err := strconv.ParseFloat(strings.TrimSpace(rate), 64)
		if err != nil || !(n >= 0 && n <= 100_000) || domain != "*" && !domainForm.MatchString(ascii) {
			return fmt.Errorf("%q is no rate of a domain; write gmail.com=20,*=0 (mails a second; 0 is unlimited)", part)
		}
		rates[uni] = n
	}
	*r = rates
	return nil
}

// bothForms are a domain in ASCII and in Unicode (RFC 5890 §2.3.2.1); one that IDNA does not know stays as it is.
func bothForms(domain string) (ascii, uni string) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return domain, domain
	}
	if uni, err = idna.Lookup.ToUnicode(ascii); err != nil {
		return ascii, ascii
	}
	return ascii, uni
}

// String writes the list, in order.
func (r DomainRates) String() string {
	var parts []string
	for _, domain := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, domain+"="+strconv.FormatFloat(r[domain], 'f', -1, 64))
	}
	return strings.Join(parts, ",")
}
