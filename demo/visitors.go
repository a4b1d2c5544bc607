package demo

import (
	"context"
	"fmt"
	"slices"
)

// Visitor is somebody new whom the visitor wants to be.
type Visitor struct {
	First, Language, Zone string
	ByMail                bool   // else by Telegram
	Source                string // of the link by which they come to the bot
}

// firstVisitor is the first account of the visitors.
const firstVisitor = 900_001

// Meet makes somebody new known to the community, who joins at once: by mail, or by pressing Start.
func (d *Director) Meet(ctx context.Context, v Visitor) (*Person, error) {
	d.mu.Lock()
	n := len(d.visitors) + 1
	p := &Person{ID: fmt.Sprintf("visitor-%d", n), First: v.First, Language: v.Language, Zone: v.Zone}
	if p.Chat = firstVisitor + int64(n); v.ByMail {
		p.Chat, p.Email = 0, fmt.Sprintf("visitor%d@example.org", n)
	}
	d.visitors = append(d.visitors, p)
	d.mu.Unlock()
	if p.Chat != 0 {
		d.Stage.Bot.Register(p.account())
	}
	if err := d.Stage.API.Do(ctx, "PUT", "/v1/members/"+p.ID, p.fields(), nil); err != nil {
		return nil, err
	}
	if p.Chat != 0 {
		d.Stage.Bot.Start(p.account(), v.Source)
	}
	return p, d.event(ctx, "member.joined", p)
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

// Enroll puts a person into a campaign, as a coordinator would.
func (d *Director) Enroll(ctx context.Context, p *Person, campaign string) error {
	return d.Stage.API.Do(ctx, "POST", "/v1/campaigns/"+campaign+"/enrollments", map[string]any{"members": []string{p.ID}}, nil)
}
