package engine

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// conversation is one input from a chat while it is handled.
type conversation struct {
	e   *Engine
	tx  *store.Tx
	in  *store.Input
	inc channels.Incoming
	p   *store.Profile
	c   *store.Community
	now time.Time
	out *after
	// joined is what became of the linking code that came with the input.
	joined joined
	// among: others are handled in the same transaction, and what is decided is written with theirs; nil: it is alone.
	among *work
}

// handleChat acts on what a member did in the chat.
func (e *Engine) handleChat(ctx context.Context, tx *store.Tx, in *store.Input, inc channels.Incoming) (*after, error) {
	if strings.HasPrefix(inc.Chat, "-") { // a group: its people are no members
		return nil, tx.ClearInput(ctx, in.ID)
	}
	if inc.Kind == channels.IncomingIgnored || inc.Chat == "" {
		return nil, nil
	}
	c, err := e.community(ctx, tx)
	if err != nil {
		return nil, err
	}
	return e.converse(ctx, &conversation{e: e, tx: tx, in: in, inc: inc, c: c, now: e.now(), out: &after{}})
}

func (e *Engine) converse(ctx context.Context, t *conversation) (*after, error) {
	if err := t.meet(ctx); err != nil {
		return nil, err
	}
	if t.p == nil { // nobody's values are kept for nobody
		return nil, t.tx.ClearInput(ctx, t.in.ID)
	}
	t.in.Member = t.p.ID
	return t.out, t.act(ctx)
}

func (t *conversation) act(ctx context.Context) error {
	switch t.inc.Kind {
	case channels.IncomingBlocked:
		return t.blocked(ctx)
	case channels.IncomingUnblocked:
		return t.record(ctx, "member.returned", "", nil)
	case channels.IncomingCommand:
		return t.command(ctx)
	case channels.IncomingPress:
		return t.press(ctx)
	case channels.IncomingText:
		if done, err := t.prompted(ctx); done || err != nil {
			return err
		}
		return t.said(ctx, campaigns.RawAnswer{Text: t.inc.Text}, "text")
	case channels.IncomingReaction:
		return t.reacted(ctx)
	}
	return t.media(ctx)
}

// meet finds the member of the chat, or makes one who came by the bot alone; the row is locked, and what the act tells about them is noted.
func (t *conversation) meet(ctx context.Context) error {
	if err := t.join(ctx); err != nil {
		return err
	}
	m, err := t.tx.MemberByAddress(ctx, campaigns.Telegram, t.inc.Chat)
	switch {
	case fault.Is(err, fault.NotFound):
		switch t.inc.Kind {
		case channels.IncomingBlocked, channels.IncomingUnblocked, channels.IncomingPress, channels.IncomingReaction:
			return nil // nobody that we know; a Start follows where somebody wants to be
		}
		if m, err = t.greet(ctx); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if t.p, err = t.tx.LockMember(ctx, m.ID); err != nil {
		return err
	}
	if t.p.State == members.Erased { // while we waited for the lock
		t.p = nil
		return nil
	}
	if t.inc.Kind == channels.IncomingBlocked {
		return nil
	}
	if a := t.p.Addresses.On(campaigns.Telegram); a.Reach != channels.ReachOK {
		there, err := t.tx.SetReach(ctx, m.ID, campaigns.Telegram, channels.ReachOK, t.in.ReceivedAt, t.now)
		if err != nil {
			return err
		}
		if there { // not blocked since
			a.Reach = channels.ReachOK
			t.p.Addresses.Set(a)
		}
	}
	t.p.LastActAt = &t.now
	return t.tx.TouchMember(ctx, m.ID, t.now)
}

// greet makes a member from what Telegram says about the sender.
func (t *conversation) greet(ctx context.Context) (*members.Member, error) {
	id, err := t.tx.NextID(ctx)
	if err != nil {
		return nil, err
	}
	m := &members.Member{
		ID: campaigns.MemberID(id), FirstName: oneLine(t.inc.FirstName), LastName: oneLine(t.inc.LastName), Language: tongue(t.inc.Language),
		State: members.Active, CreatedAt: t.now, UpdatedAt: t.now, Attributes: map[string]any{},
	}
	if err := t.tx.InsertMember(ctx, m); err != nil {
		return nil, err
	}
	a := members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: t.inc.Chat, Reach: channels.ReachOK}
	return m, t.tx.SetAddress(ctx, a, t.inc.Chat, t.e.AddressHash(campaigns.Telegram, t.inc.Chat), t.now)
}

// oneLine is a name as a provider gives it, fit for a mail header too.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return clip(strings.TrimSpace(s), maxName)
}

// tongue is the language that the provider names, when it is one.
func tongue(tag string) campaigns.Lang {
	if _, err := language.Parse(tag); err != nil || len(tag) > 35 {
		return ""
	}
	return campaigns.Lang(tag)
}

func clip(s string, runes int) string {
	r := []rune(s)
	return string(r[:min(len(r), runes)])
}

func (t *conversation) blocked(ctx context.Context) error {
	if _, err := t.tx.SetReach(ctx, t.p.ID, campaigns.Telegram, channels.ReachBlocked, t.in.ReceivedAt, t.now); err != nil {
		return err
	}
	if err := t.e.leftAfter(ctx, t.tx, t.p, t.now); err != nil {
		return err
	}
	return t.record(ctx, "member.blocked_bot", campaigns.Blocked, nil)
}

func (t *conversation) record(ctx context.Context, name string, reason campaigns.Reason, data map[string]any) error {
	return t.tx.AppendEvents(ctx, []store.Event{{At: t.now, Name: name, Member: t.p.ID, Reason: reason, Data: mustJSON(data)}})
}

// reacted notes a reaction; it is no answer. An emoji says nothing about who put it.
func (t *conversation) reacted(ctx context.Context) error {
	d, err := t.tx.DeliveryByProviderID(ctx, t.p.ID, campaigns.Telegram, t.inc.Message)
	if err != nil || d == nil {
		return err
	}
	return t.tx.AppendEvents(ctx, []store.Event{{
		At: t.now, Name: "message.reaction", Member: t.p.ID, Campaign: d.Campaign, Enrollment: d.Enrollment, Delivery: d.ID, Step: d.Step,
		Data: mustJSON(map[string]any{"emoji": clip(t.inc.Text, 8)}),
	}})
}

// said is a typed message or a recording: the answer to the question that it replies to, to the open one, to another that it fits, or a message
// for a person.
func (t *conversation) said(ctx context.Context, raw campaigns.RawAnswer, kind string) error {
	if t.inc.ReplyTo != "" {
		d, err := t.tx.DeliveryByProviderID(ctx, t.p.ID, campaigns.Telegram, t.inc.ReplyTo)
		if err != nil {
			return err
		}
		if d != nil && d.Kind == store.StepDelivery {
			if ask, err := t.asks(ctx, d.Campaign, d.Version, d.Step); err != nil || ask != nil {
				if err != nil {
					return err
				}
				return t.answered(ctx, d.Enrollment, d.Step, d.Visit, raw, kind)
			}
		}
	}
	slot, err := t.tx.QuestionSlot(ctx, t.p.ID)
	if err != nil {
		return err
	}
	if slot != nil {
		put, err := t.put(ctx, slot)
		if err != nil {
			return err
		}
		if put {
			return t.answered(ctx, slot.Enrollment, slot.Step, slot.Visit, raw, kind)
		}
	}
	row, err := t.waiting(ctx, raw)
	if err != nil {
		return err
	}
	if row != nil {
		return t.answered(ctx, row.ID, row.Step, row.Visit, raw, kind)
	}
	return t.keep(ctx, kind, t.inc.Text)
}

// put reports whether the open question may have reached the member: one that waits for another attempt has not. Under a chunk, a row says
// pending until its chunk's outcomes are written.
func (t *conversation) put(ctx context.Context, slot *store.QuestionSlot) (bool, error) {
	d, err := t.tx.Delivery(ctx, slot.Delivery)
	return err == nil && (d.State != campaigns.Pending || d.Chunk != 0), err
}

// asks returns the question of a step in a published version; nil when the step asks nothing.
func (t *conversation) asks(ctx context.Context, id campaigns.CampaignID, version int, step campaigns.StepID) (*definition.Ask, error) {
	l, err := t.e.version(ctx, t.tx, id, version)
	if err != nil {
		return nil, err
	}
	return askOf(l.def, step), nil
}

func askOf(def *definition.Definition, id campaigns.StepID) *definition.Ask {
	if s := def.Step(id); s != nil {
		ask, _ := s.Body.(*definition.Ask)
		return ask
	}
	return nil
}

// waiting finds the newest question that was put in this chat, waits there, and that the text answers as it stands: one with buttons, or a typed one
// that gave way to another while its campaign was paused.
func (t *conversation) waiting(ctx context.Context, raw campaigns.RawAnswer) (*store.Enrollment, error) {
	rows, err := t.tx.LockMemberEnrollments(ctx, t.p.ID)
	if err != nil {
		return nil, err
	}
	var best *store.Enrollment
	for _, row := range rows {
		if row.WaitKind != campaigns.WaitAnswer && row.WaitKind != campaigns.WaitDelivery {
			continue
		}
		ask, err := t.asks(ctx, row.Campaign, row.Version, row.Step)
		if err != nil {
			return nil, err
		}
		en, err := fromRow(row)
		if err != nil {
			return nil, err
		}
		if asked := en.Asked[row.Step]; ask == nil || asked.Visit != row.Visit || !asked.On(campaigns.Telegram) {
			continue
		}
		if _, wrong := answers.Read(ask, raw, t.reading()); wrong == nil && (best == nil || row.UpdatedAt.After(best.UpdatedAt)) {
			best = row
		}
	}
	return best, nil
}

func (t *conversation) reading() answers.Context {
	return answers.Context{Lang: spoken(t.p, t.c), Zone: zone(t.c, t.p.TimeZone), Now: t.now, Channel: campaigns.Telegram}
}

// answered takes what was said as an answer. What turns out to be none goes to a person: words where a recording is asked for at once, anything else
// when it is not asked for again.
func (t *conversation) answered(ctx context.Context, id campaigns.EnrollmentID, step campaigns.StepID, visit int, raw campaigns.RawAnswer, kind string) error {
	again, err := t.answer(ctx, id, step, visit, raw)
	switch {
	case err != nil || again == nil:
		return err
	case again.Silent:
		return t.keep(ctx, kind, t.inc.Text)
	case raw.Media == nil && again.Rejection.WantsMedia():
		return t.file(ctx, kind, t.inc.Text)
	}
	return nil
}

// answer lets the enrollment decide about an answer, and tells the member when it was none, unless it has been said often enough.
func (t *conversation) answer(ctx context.Context, id campaigns.EnrollmentID, step campaigns.StepID, visit int, raw campaigns.RawAnswer) (*decide.AskAgain, error) {
	row, err := t.tx.LockEnrollment(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.answerIn(ctx, row, step, visit, raw)
}

// answerIn is answer in a passage that the transaction holds.
func (t *conversation) answerIn(ctx context.Context, row *store.Enrollment, step campaigns.StepID, visit int, raw campaigns.RawAnswer) (*decide.AskAgain, error) {
	if row.Member != t.p.ID {
		return nil, t.record(ctx, "answer.foreign", "", nil)
	}
	row, visit, err := stillAsked(ctx, t.tx, row, step, visit)
	if err != nil {
		return nil, err
	}
	w, err := t.work(ctx)
	if err != nil {
		return nil, err
	}
	in := &decide.Answered{Step: step, Visit: visit, Raw: raw, Channel: campaigns.Telegram, Input: t.in.ID, At: t.now}
	if err := w.decide(ctx, row, t.p, in); err != nil {
		return nil, err
	}
	if err := t.written(ctx, w); err != nil {
		return nil, err
	}
	if raw.Media != nil && w.saved {
		t.thanks()
	}
	if a := w.again; a != nil && !a.Silent {
		return a, t.reply(ctx, "answer_again", map[string]any{"code": a.Rejection.Code, "args": a.Rejection.Args, "last": a.Last})
	}
	return w.again, nil
}

// work is where the decision's effects go.
func (t *conversation) work(ctx context.Context) (*work, error) {
	w, err := t.e.newWork(ctx, t.tx)
	if err == nil && t.among != nil {
		w.campaigns = t.among.campaigns // read once for all
	}
	return w, err
}

// written writes the effects, or leaves them to be written with those of others.
func (t *conversation) written(ctx context.Context, w *work) error {
	if t.among != nil {
		t.among.join(w)
		return nil
	}
	ids, err := w.flush(ctx)
	t.out.send = append(t.out.send, ids...)
	return err
}

// keep stores what no question waits for, for a coordinator, and says that a person will read it.
func (t *conversation) keep(ctx context.Context, kind, text string) error {
	if err := t.file(ctx, kind, text); err != nil {
		return err
	}
	return t.reply(ctx, "free_text", nil)
}

// file stores a message for a coordinator.
func (t *conversation) file(ctx context.Context, kind, text string) error {
	id, err := t.tx.NextID(ctx)
	if err != nil {
		return err
	}
	m := &store.Message{ID: id, Member: t.p.ID, Channel: campaigns.Telegram, Input: t.in.ID, Kind: kind, Text: text, State: "open", At: t.now}
	return t.tx.InsertMessage(ctx, m)
}

// reply writes a named system reply to this input, to be sent at once. Its words are made when it is sent; params hold no personal value.
func (t *conversation) reply(ctx context.Context, name string, params map[string]any) error {
	return t.replyOn(ctx, campaigns.Telegram, name, params)
}

func (t *conversation) replyOn(ctx context.Context, ch campaigns.Channel, name string, params map[string]any) error {
	id, err := t.tx.NextID(ctx)
	if err != nil {
		return err
	}
	d := systemReply(id, t.p.ID, ch, name, params, t.now)
	d.Input = t.in.ID
	ids, err := t.tx.InsertDeliveries(ctx, []*store.Delivery{d})
	t.out.send = append(t.out.send, ids...)
	return err
}

// saveAs is the name under which an answer is kept.
func saveAs(ask *definition.Ask, step campaigns.StepID) string {
	if ask.SaveAs != "" {
		return ask.SaveAs
	}
	return string(step)
}

// params reads a system reply's parameters.
func params(d *store.Delivery) map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(d.Params, &out) // written by mustJSON; an empty one has no parameters
	return out
}
