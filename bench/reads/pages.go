package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
)

// page is something that is asked for.
type page struct {
	name   string
	method string // empty: GET
	path   string
	body   string // of a POST: a condition
	most   time.Duration
	// fresh: each time the count is made anew, and nothing that is remembered is told.
	fresh bool
	// sqlite is the limit there, where it is another one.
	sqlite time.Duration
}

func (p page) limit(engine string) time.Duration {
	if engine == "sqlite" && p.sqlite != 0 {
		return p.sqlite
	}
	return p.most
}

const (
	list     = 50 * time.Millisecond
	timeline = 20 * time.Millisecond
	count    = 150 * time.Millisecond
	other    = 2 * time.Second
)

// firstMember is the id of the first member that package seed writes.
const firstMember = 1_000_000_000

func pages(members int) []page {
	middle := members / 2
	all := []page{
		{name: "report: welcome", path: "/v1/campaigns/welcome/report", most: list},
		{name: "report: survey", path: "/v1/campaigns/survey/report", most: list},
		{name: "report: challenge", path: "/v1/campaigns/challenge/report", most: list},
		{name: "member timeline", path: fmt.Sprintf("/v1/members/m-%d/timeline", middle), most: timeline},
		{name: "list: campaigns", path: "/v1/campaigns", most: list},
		{name: "list: members", path: "/v1/members", most: list},
		{name: "list: enrollments", path: "/v1/campaigns/welcome/enrollments", most: list},
		{name: "list: enrollments, waiting", path: "/v1/campaigns/welcome/enrollments?state=waiting", most: list},
		{name: "list: enrollments, none such", path: "/v1/campaigns/news/enrollments?state=exited", most: list},
		{name: "list: deliveries", path: "/v1/campaigns/news/deliveries", most: list},
		{name: "list: deliveries, failed", path: "/v1/campaigns/news/deliveries?state=failed", most: list},
		{name: "list: deliveries, none such", path: "/v1/campaigns/news/deliveries?state=pending", most: list},
		{name: "list: responses", path: "/v1/campaigns/survey/responses", most: list},
		{name: "list: responses, one question", path: "/v1/campaigns/survey/responses?question=way", most: list},
		{name: "list: responses, none such", path: "/v1/campaigns/survey/responses?question=none", most: list},
		{name: "list: messages", path: "/v1/messages", most: list},
		{name: "list: messages, open", path: "/v1/messages?state=open", most: list},
		{name: "list: dead letters", path: "/v1/dead-letters", most: list},
		{name: "list: standings", path: "/v1/campaigns/challenge/standings", most: list},
		{name: "list: tokens", path: "/v1/tokens", most: list},
		{name: "list: versions", path: "/v1/campaigns/welcome/versions", most: list},
		{name: "console: today", path: "/console", most: list},
		{name: "console: campaigns", path: "/console/campaigns", most: list},
		{name: "console: messages", path: "/console/messages", most: list},
		{name: "console: members", path: "/console/members", most: list},
		{name: "console: members, far on", path: fmt.Sprintf("/console/members?after=%d", firstMember+middle), most: list},
		{name: "console: members, by language", path: "/console/members?language=en", most: list},
		{name: "console: members, on Telegram", path: "/console/members?channel=telegram", most: list},
		search("an id", fmt.Sprintf("m-%d", middle)), search("nobody", "nobody"), search("a name of many", "First7"), search("a name of all", "last"),
		search("two names", "first77 last7"), search("an address", fmt.Sprintf("m%d@example.org", middle)),
		{name: "console: member", path: fmt.Sprintf("/console/members/%d", firstMember+middle), most: list},
	}
	for _, key := range []string{"welcome", "survey", "challenge", "news"} {
		all = append(all,
			page{name: "console: steps of " + key, path: "/console/campaigns/" + key, most: list},
			page{name: "console: answers of " + key, path: "/console/campaigns/" + key + "/answers", most: list},
			page{name: "console: inside " + key, path: "/console/campaigns/" + key + "/members", most: list})
	}
	for i, a := range audiences {
		p := page{name: "audience: " + a.key, path: "/v1/campaigns/" + a.key + "/audience", most: other, fresh: true}
		if i == 0 {
			p.most, p.sqlite = count, other
		}
		all = append(all, p)
	}
	return append(all, page{name: "console: standings", path: "/console/campaigns/challenge/standings", most: list})
}

// audiences are conditions that are counted, by the key of a draft that has them. The first is the claim's; the others may take longer.
var audiences = []struct{ key, condition string }{
	{"tag-language-attribute", `{"all": [{"tag": "vip"}, {"language": "ru"}, {"attribute": "level", "is": "l3"}]}`},
	{"everybody-not", `{"not": {"tag": "vip"}}`},
	{"number-or-channel", `{"any": [{"attribute": "lessons", "at_least": 90}, {"channel": "telegram"}]}`},
}

// drafts numbers them: a count is told again as long as the document is the same.
var drafts int

// putAudiences keeps a draft for each audience, in a new revision, so that nothing is remembered of it.
func putAudiences(ctx context.Context, s *measure.Service) error {
	drafts++
	for _, a := range audiences {
		draft := fmt.Sprintf(`{"key": %q, "kind": "broadcast", "name": "N%d", "topic": "news", "languages": ["en"], "channels": ["email"],
			"entry": {"schedule": {"at": "2040-01-01T10:00", "zone": "community", "audience": %s}}, "steps": [{"send": {"subject": {"en": "S"}, "text": {"en": "T"}}}]}`, a.key, drafts, a.condition)
		_, err := s.Do(ctx, http.MethodPost, "/v1/campaigns", "application/json", []byte(draft))
		if err != nil { // it is there from the last time
			_, err = s.Do(ctx, http.MethodPut, "/v1/campaigns/"+a.key+"/draft", "application/json", []byte(draft))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// signIn gives the default client the console's session.
func signIn(ctx context.Context, s *measure.Service) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	http.DefaultClient.Jar = jar
	_, err = s.Do(ctx, http.MethodPost, "/console/sign-in", "application/x-www-form-urlencoded", []byte(url.Values{"token": {s.Token}}.Encode()))
	return err
}

// measure asks several times and leaves the first one out: a page is looked at more than once.
func (p page) measure(ctx context.Context, s *measure.Service, times int) (took []time.Duration, err error) {
	method, kind := http.MethodGet, ""
	if p.method != "" {
		method, kind = p.method, "application/x-www-form-urlencoded"
	}
	for i := range times + 1 {
		if p.fresh {
			if err := putAudiences(ctx, s); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		if _, err := s.Do(ctx, method, p.path, kind, []byte(p.body)); err != nil {
			return nil, err
		}
		if i > 0 {
			took = append(took, time.Since(began))
		}
		if sum(took) > 20*time.Second { // what is that slow is known by now
			break
		}
	}
	return took, nil
}

func sum(all []time.Duration) (s time.Duration) {
	for _, d := range all {
		s += d
	}
	return s
}

// search is one of members, in a form: names do not belong in addresses.
func search(what, text string) page {
	return page{name: "console: members, searched by " + what, method: http.MethodPost, path: "/console/members", body: url.Values{"q": {text}}.Encode(), most: list}
}
