package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// callType is what the body says it is (Standard Webhooks, "Payload structure").
const callType = "campaign.call"

// callBody is what another system is sent. Ids are texts, as the API has them.
type callBody struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when the member came to the step
	Data      callData  `json:"data"`
}

type callData struct {
	Campaign   campaigns.Key    `json:"campaign"`
	Version    int              `json:"version"`
	Step       campaigns.StepID `json:"step"`
	Visit      int              `json:"visit"`
	Enrollment string           `json:"enrollment_id"`
	Key        string           `json:"key,omitempty"` // what the passage is about
	Member     string           `json:"member_id"`
	ExternalID string           `json:"external_id"`
	Send       map[string]any   `json:"send"`
}

// errUnmade: the call's rows or its version are not as they should be, and another try changes nothing.
var errUnmade = errors.New("call cannot be put together")

// errErased: of who was erased nobody is told any more.
var errErased = errors.New("the member was erased")

// unmade reports whether another try at putting it together would come to the same.
func unmade(err error) bool {
	return errors.Is(err, errUnmade) || errors.Is(err, errBadVersion) || errors.Is(err, errBadRow) || errors.Is(err, errPanic) || fault.Is(err, fault.NotFound)
}

// callBody puts together what the call sends, from the rows of this moment, as the version says that it was written by: a later one's may be meant for another
// endpoint.
func (e *Engine) callBody(ctx context.Context, c *store.OutsideCall) (body []byte, err error) {
	defer recovered(&err)
	row, err := e.Store.Enrollment(ctx, c.Enrollment)
	if err != nil {
		return nil, err
	}
	l, err := e.version(ctx, e.Store, row.Campaign, c.Version)
	if err != nil {
		return nil, err
	}
	step := l.def.Step(c.Step)
	if step == nil || step.Call() == nil {
		return nil, fmt.Errorf("%w: its step calls nobody", errUnmade)
	}
	ps, err := e.Store.Profiles(ctx, []campaigns.MemberID{row.Member})
	if err != nil {
		return nil, err
	}
	p := ps[row.Member]
	switch {
	case p == nil:
		return nil, fmt.Errorf("%w: no member", errUnmade)
	case p.State == members.Erased:
		return nil, errErased
	}
	community, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	r := &renderJob{e: e, l: l, d: &store.Delivery{Step: c.Step, Visit: c.Visit, CreatedAt: c.CreatedAt}, p: p, c: community, en: en}
	sent, err := r.sent(step.Call())
	if err != nil {
		return nil, err
	}
	return json.Marshal(callBody{Type: callType, Timestamp: c.CreatedAt.UTC(), Data: callData{
		Campaign: l.def.Key, Version: c.Version, Step: c.Step, Visit: c.Visit, Enrollment: strconv.FormatInt(int64(row.ID), 10), Key: row.RunKey,
		Member: strconv.FormatInt(int64(p.ID), 10), ExternalID: p.ExternalID, Send: sent,
	}})
}

// sent are the values of the step with the variables put in.
func (r *renderJob) sent(c *definition.Call) (map[string]any, error) {
	lang := r.spoken()
	env := templates.Env{Lang: lang, Zone: zone(r.c, r.p.TimeZone), Find: func(path []string) any { return r.datum(lang, path) }}
	sent := make(map[string]any, len(c.Send))
	for name, v := range c.Send {
		sent[name] = v
		if src, ok := v.(string); ok {
			text, problems := templates.ParseData(src)
			if len(problems) > 0 {
				return nil, fmt.Errorf("%w: text of campaign %d version %d: %s", errUnmade, r.l.campaign, r.l.version, problems[0].Code)
			}
			sent[name] = text.Value(env)
		}
	}
	return sent, nil
}

// datum is the value at the path as a machine reads it: an answer is what conditions compare, and not the words that the member saw.
func (r *renderJob) datum(lang campaigns.Lang, path []string) any {
	if path[0] != "answers" || len(path) != 2 {
		return r.find(lang, path)
	}
	a, given := r.en.Answers[path[1]]
	if !given {
		return nil
	}
	return definition.AnswerValue(a)
}
