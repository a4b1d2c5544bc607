package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Visitor is somebody new whom the visitor wants to be.
type Visitor struct {
	First, Language, Zone string
	ByMail                bool   // else by Telegram
	Source                string // of the link by which they come to the bot
}

// visitorPrefix begins the visitors' external ids.
const visitorPrefix = "visitor-"

// firstVisitor is the first account of the visitors.
const firstVisitor = 900_001

// NewPhone is a phone of somebody whom the platform does not know, and on which they open a link to the bot.
func (d *Director) NewPhone(v Visitor) *Person {
	p := d.newVisitor(v)
	d.Stage.Bot.Start(p.account(), v.Source)
	return p
}

// Meet makes somebody new known to the community, who joins at once: by mail, or by pressing Start.
func (d *Director) Meet(ctx context.Context, v Visitor) (*Person, error) {
	p := d.newVisitor(v)
	if err := d.Stage.API.Do(ctx, "PUT", "/v1/members/"+p.ID, p.fields(), nil); err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.visitors = slices.DeleteFunc(d.visitors, func(x *Person) bool { return x == p })
		return nil, err
	}
	if p.Chat != 0 {
		d.Stage.Bot.Start(p.account(), v.Source)
	}
	return p, d.event(ctx, "member.joined", p)
}

func (d *Director) newVisitor(v Visitor) *Person {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 1
	for _, x := range d.visitors {
		if last, err := strconv.Atoi(strings.TrimPrefix(x.ID, visitorPrefix)); err == nil && last >= n {
			n = last + 1
		}
	}
	p := &Person{ID: visitorPrefix + strconv.Itoa(n), First: v.First, Language: v.Language, Zone: v.Zone}
	if p.Chat = firstVisitor + int64(n); v.ByMail {
		p.Chat, p.Email = 0, fmt.Sprintf("visitor%d@example.org", n)
	}
	d.visitors = append(d.visitors, p)
	return p
}

// fields are what is told about a person under their own address.
func (p *Person) fields() map[string]any {
	body := p.body()
	delete(body, "external_id")
	return body
}

// Everyone is the sample community and the visitors.
func (d *Director) Everyone() []*Person {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := slices.Clone(d.visitors)
	slices.Reverse(out) // the newest first
	if d.Crowd != nil {
		out = append(out, d.Crowd.People...)
	}
	return out
}

// Enroll puts a person into a campaign, as a coordinator would, and says what became of it in the API's word ("enrolled", "already_active", …).
func (d *Director) Enroll(ctx context.Context, p *Person, campaign string) (string, error) {
	var out struct {
		Results []struct{ Result string }
	}
	err := d.Stage.API.Do(ctx, "POST", "/v1/campaigns/"+campaign+"/enrollments", map[string]any{"members": []string{p.ID}}, &out)
	if err != nil || len(out.Results) != 1 {
		return "", err
	}
	return out.Results[0].Result, nil
}
