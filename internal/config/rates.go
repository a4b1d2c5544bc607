package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// DomainRates are mails a second by domain, as people write them: gmail.com=20,*=0. "*" is each domain that is not named; 0 is unlimited.
type DomainRates map[string]float64

// UnmarshalText reads the list.
func (r *DomainRates) UnmarshalText(text []byte) error {
	rates := DomainRates{}
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		domain, rate, _ := strings.Cut(part, "=")
		domain = strings.ToLower(strings.TrimSpace(domain))
		n, err := strconv.ParseFloat(strings.TrimSpace(rate), 64)
		if err != nil || !(n >= 0 && n <= 100_000) || domain != "*" && !domainForm.MatchString(domain) {
			return fmt.Errorf("%q is no rate of a domain; write gmail.com=20,*=0 (mails a second; 0 is unlimited)", part)
		}
		rates[domain] = n
	}
	*r = rates
	return nil
}

// String writes the list, in order.
func (r DomainRates) String() string {
	var parts []string
	for _, domain := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, domain+"="+strconv.FormatFloat(r[domain], 'f', -1, 64))
	}
	return strings.Join(parts, ",")
}
