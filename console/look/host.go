package look

import (
	"net"
	"net/http"
	"strings"
)

// OwnHost reports whether a request names this machine by its number or as localhost. Pages that ask nobody who they are answer to nothing else: a page
// elsewhere could make a name of its own lead here (DNS rebinding), and its script would then read what only the machine's user may.
func OwnHost(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}
