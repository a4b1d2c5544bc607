package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Inside says what becomes of those inside older versions when a version is published.
type Inside string

const (
	// InsideStays: they finish the version that they are in. Where only texts changed, they get the corrected ones with their next message.
	InsideStays Inside = "stay"
	// InsideMoves: they go on in the new version, at the step with the same id.
	InsideMoves Inside = "move"
	// InsideEnds: they leave, and nothing more is sent to them.
	InsideEnds Inside = "end"
)

// Publishing is how a draft is published.
type Publishing struct {
	// Revision is the draft's that was looked at, so that nobody publishes what somebody else typed meanwhile; 0: whatever it is.
	Revision int64
	Inside   Inside // empty: InsideStays
	// Moves are, with InsideMoves, where those go on who stand at a step; empty: their passage ends. A step that the new version does not have needs one.
	Moves map[campaigns.StepID]campaigns.StepID
	// AcceptOutdated publishes although texts were changed in one language and not in another.
	AcceptOutdated bool
	// AcceptPast publishes although the one moment of the schedule is long past, so that all of its audience comes in at once.
	AcceptPast bool
	// AcceptMissing publishes although texts are missing in a language.
	AcceptMissing bool
	// AcceptTopic publishes although the community has no such topic.
	AcceptTopic bool
}

// Publication is what publishing the draft would do.
type Publication struct {
	Campaign *store.Campaign
	Version  int // that it would be
	// Difference is to the newest version; nil: there is none, or it cannot be read.
	Difference *difference.Difference
	// Texts: only texts changed, and those who stay get the corrected ones.
	Texts bool
	// Words are the draft's texts, by language.
	Words  []difference.Text
	Inside []Standing
	Draft  *definition.Definition
	// Untold are the steps that tell the staff, where the settings name nobody for some of it.
	Untold []campaigns.StepID
	// Unset are the endpoints that steps call, and that the settings do not name.
	Unset []string
	// Lost are media files that are not there.
	Lost []LostMedia
	// Over: all days of the draft's recurring schedule are past, so that nobody would come in.
	Over bool
	// Moment is what becomes of a schedule for one moment; nil: the draft has none.
	Moment *Moment
	// Present is what becomes of an entry by a segment's present members; nil: the draft has none.
	Present *Present
	// Strange: the community lists its topics, and the draft's, which needs consent, is none of them. Topics are those that it lists.
	Strange bool
	Topics  []string
	// Refusals are, of a text that is not the draft yet, why publishing it would be refused.
	Refusals []error

	revised []int // versions of which it would be a correction of texts
}

// Published is the version that a publication made.
type Published struct {
	*store.Version
	// Over: all days of its recurring schedule are past, so that nobody comes in by it.
	Over bool
}

// Standing is how many stand at a step of a version, and where they would go on.
type Standing struct {
	Version int
	Step    campaigns.StepID // empty: before the first, where those stay who are held out
	N       int
	// Place is where they would go on; nil: somebody has to say. At a step of one's own it is the same one.
	Place *campaigns.StepID
	// Unread: the version cannot be read; they stay in it whatever is chosen.
	Unread bool
}

// Count is how many are inside.
func (p *Publication) Count() (n int) {
	for _, s := range p.Inside {
		n += s.N
	}
	return n
}

// Outdated are the texts that lag behind in a language: another one says something else since a later version, or in the draft.
func (p *Publication) Outdated() []difference.Text {
	return only(p.Words, difference.Text.Outdated)
}

// Missing are the texts that are missing in a language. Members who read it get the campaign's first.
func (p *Publication) Missing() []difference.Text { return only(p.Words, difference.Text.Missing) }

// Publication tells what publishing the draft would do. It changes nothing. Faults as for PublishAs.
func (e *Engine) Publication(ctx context.Context, p Principal, key campaigns.Key) (*Publication, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	c, err := e.Store.CampaignByKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return e.publication(ctx, e.Store, c, nil)
}

// PublicationOf tells what publishing the text would do once it is the draft of the campaign that it names, and refuses what PublishAs would. It changes nothing. A campaign that is
// not there yet would be new. Faults: invalid.definition, invalid.key_changed.
func (e *Engine) PublicationOf(ctx context.Context, p Principal, key campaigns.Key, d Draft, how Publishing) (*Publication, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	c, err := e.Store.CampaignByKey(ctx, key)
	switch {
	case fault.Is(err, fault.NotFound):
		c = &store.Campaign{Key: key}
	case err != nil:
		return nil, err
	}
	of := *c
	of.Draft, of.DraftFormat = d.Source, string(d.Format)
	pub, err := e.publication(ctx, e.Store, &of, how.Moves)
	if err != nil {
		return nil, err
	}
	if pub.Draft.Key != key {
		return nil, fault.New(fault.Invalid, "invalid.key_changed", map[string]any{"key": string(key)})
	}
	for _, asked := range []func() error{
		func() error { return saidYes(pub, how) },
		func() error { return unasked(pub, how) },
		func() error { _, err := e.moveOf(ctx, e.Store, pub, how); return err },
	} {
		if err := asked(); fault.KindOf(err) == fault.Invalid || fault.KindOf(err) == fault.Conflict {
			pub.Refusals = append(pub.Refusals, err)
		} else if err != nil {
			return nil, err
		}
	}
	return pub, nil
}

// published is what a publication is found from.
type publishedFrom interface {
	openedFrom
	CountPaths(context.Context, campaigns.CampaignID) ([]store.PathCount, error)
	Schedule(context.Context, campaigns.CampaignID) (*store.Schedule, error)
	RightWordings(context.Context, campaigns.CampaignID) ([]string, error)
}

func (e *Engine) publication(ctx context.Context, from publishedFrom, c *store.Campaign, land map[campaigns.StepID]campaigns.StepID) (*Publication, error) {
	def, err := parseDraft(Draft{c.Draft, definition.Format(c.DraftFormat)})
	if err != nil {
		return nil, err
	}
	out := &Publication{Campaign: c, Version: c.LiveVersion + 1, Draft: def, Untold: e.untold(def), Unset: e.unset(def), Lost: Lost(def, e.HasMedia)}
	now, _ := difference.Read([]byte(c.Draft), definition.Format(c.DraftFormat)) // it was parsed just now
	if out.Words, err = e.wordings(ctx, from, c.ID, c.LiveVersion, now); err != nil {
		return nil, err
	}
	if out.Over, err = e.over(ctx, from, def.Entry.Schedule); err != nil {
		return nil, err
	}
	if out.Moment, err = e.moment(ctx, from, c, def.Entry.Schedule); err != nil {
		return nil, err
	}
	was, err := from.Schedule(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if out.Present, err = e.present(ctx, from, c, def, was); err != nil {
		return nil, err
	}
	community, err := from.Community(ctx)
	if err != nil {
		return nil, err
	}
	out.Topics = community.Topics
	out.Strange = def.Purpose != campaigns.Service && len(out.Topics) > 0 && !slices.Contains(out.Topics, def.Topic)
	if c.LiveVersion == 0 {
		return out, nil
	}
	if l, err := e.version(ctx, from, c.ID, c.LiveVersion); err == nil && l.def.Topic == def.Topic && l.def.Purpose == def.Purpose {
		out.Strange = false // somebody said yes to it, or it is older than the question
	}
	docs := documents{e: e, from: from, campaign: c.ID, now: now}
	if out.Inside, err = e.standings(ctx, from, c.ID); err != nil {
		return nil, err
	}
	if err := out.compare(ctx, &docs); err != nil {
		return nil, err
	}
	for i := range out.Inside {
		if err := docs.place(ctx, &out.Inside[i], def, land); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// over reports a recurring schedule of which nothing is left.
func (e *Engine) over(ctx context.Context, from source, s *definition.Schedule) (bool, error) {
	if s == nil || s.Recurs == nil {
		return false, nil
	}
	community, err := from.Community(ctx)
	if err != nil {
		return false, err
	}
	_, left := s.Opens(e.Now().In(zone(community, "")))
	return !left, nil
}

// compare finds what changed since the newest version, and of which versions the draft is a correction.
func (p *Publication) compare(ctx context.Context, docs *documents) error {
	live := p.Version - 1
	versions := []int{live}
	for _, s := range p.Inside {
		if !slices.Contains(versions, s.Version) {
			versions = append(versions, s.Version)
		}
	}
	for _, number := range versions {
		was, err := docs.of(ctx, number)
		if err != nil {
			return err
		}
		if was == nil {
			continue
		}
		d := difference.Between(was, docs.now)
		if d.Texts() {
			p.revised = append(p.revised, number)
		}
		if number == live {
			p.Difference, p.Texts = d, d.Texts() && !d.Empty()
		}
	}
	return nil
}

// standings counts who is inside, by version and step. It reads counters: a campaign of any size is a short list.
func (e *Engine) standings(ctx context.Context, from publishedFrom, id campaigns.CampaignID) ([]Standing, error) {
	paths, err := from.CountPaths(ctx, id)
	if err != nil {
		return nil, err
	}
	type place struct {
		version int
		step    campaigns.StepID
	}
	n := map[place]int{}
	for _, p := range paths {
		if !p.State.Final() {
			n[place{p.Version, p.Step}] += p.N
		}
	}
	var out []Standing
	for at, n := range n {
		if n > 0 {
			out = append(out, Standing{Version: at.version, Step: at.step, N: n})
		}
	}
	slices.SortFunc(out, func(a, b Standing) int { return cmp.Or(cmp.Compare(b.Version, a.Version), cmp.Compare(a.Step, b.Step)) })
	return out, nil
}

// documents are a campaign's versions, for comparison with what is to be the next.
type documents struct {
	e        *Engine
	from     source
	campaign campaigns.CampaignID
	now      *difference.Document
	inputs   map[int]*decide.Moved
}

// of is nil for a version that cannot be read.
func (d *documents) of(ctx context.Context, number int) (*difference.Document, error) {
	v, err := d.from.Version(ctx, d.campaign, number)
	if err != nil {
		return nil, err
	}
	doc, _ := difference.Read([]byte(v.Source), definition.Format(v.Format))
	return doc, nil
}

// place finds where those would go on who stand there.
func (d *documents) place(ctx context.Context, s *Standing, def *definition.Definition, land map[campaigns.StepID]campaigns.StepID) error {
	in, known := d.inputs[s.Version]
	if !known {
		was, err := d.of(ctx, s.Version)
		if err != nil {
			return err
		}
		if l, verr := d.e.version(ctx, d.from, d.campaign, s.Version); verr == nil && was != nil {
			in = &decide.Moved{Was: l.def, Same: decide.Same(l.def, def, difference.Pairs(was, d.now)), Land: land}
		} else if verr != nil && !errors.Is(verr, errBadVersion) {
			return verr
		}
		if d.inputs == nil {
			d.inputs = map[int]*decide.Moved{}
		}
		d.inputs[s.Version] = in
	}
	if in == nil {
		s.Unread = true
		return nil
	}
	if s.Step == "" {
		s.Place = &s.Step
	} else if to, _, ok := in.Place(def, s.Step); ok {
		s.Place = new(campaigns.StepID)
		if to != nil {
			*s.Place = to.ID
		}
	}
	return nil
}

// Publish makes the draft the campaign's next version. Members inside finish the version that they entered. A moment that is past is no question: it opens at once; nor are texts that are missing in a language: members who read
// it get the first one; nor is a topic that the community does not list.
func (e *Engine) Publish(ctx context.Context, p Principal, key campaigns.Key) (*store.Version, error) {
	v, err := e.PublishAs(ctx, p, key, Publishing{AcceptPast: true, AcceptMissing: true, AcceptTopic: true})
	if err != nil {
		return nil, err
	}
	return v.Version, nil
}

// PublishAs makes the draft the campaign's next version, with what is to become of those inside. Faults: conflict.draft for another revision,
// conflict.outdated_texts with every text that lags behind, conflict.missing_texts with every text that is missing in a language, conflict.schedule_past for a moment that is, conflict.unknown_topic for a topic that the community does not list, conflict.no_place with every step that needs to be told where it leads, invalid.moves for one that leads nowhere.
func (e *Engine) PublishAs(ctx context.Context, p Principal, key campaigns.Key, how Publishing) (*Published, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	var v *Published
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LockCampaign(ctx, key)
		if err != nil {
			return err
		}
		if how.Revision != 0 && how.Revision != c.DraftRev {
			return fault.New(fault.Conflict, "conflict.draft", nil)
		}
		v, err = e.publish(ctx, tx, p, c, how)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.states.forget()
	e.wake("due", e.Waker.WakeDue(ctx))
	return v, nil
}

func (e *Engine) publish(ctx context.Context, tx *store.Tx, p Principal, c *store.Campaign, how Publishing) (*Published, error) {
	if c.State == campaigns.Archived {
		return nil, fault.New(fault.Conflict, "conflict.campaign_state", map[string]any{"state": locale.Term("state.campaign." + string(c.State))})
	}
	if how.Inside == InsideMoves || how.Inside == InsideEnds { // before it is counted who stands where
		if err := tx.EndMoves(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	pub, err := e.publication(ctx, tx, c, how.Moves)
	if err != nil {
		return nil, err
	}
	if err := e.checkPublished(ctx, tx, pub.Draft); err != nil {
		return nil, err
	}
	if err := saidYes(pub, how); err != nil {
		return nil, err
	}
	if err := unasked(pub, how); err != nil {
		return nil, err
	}
	move, err := e.moveOf(ctx, tx, pub, how)
	if err != nil {
		return nil, err
	}
	now := e.now()
	v := &store.Version{
		Campaign: c.ID, Number: pub.Version, Source: c.Draft, Format: c.DraftFormat,
		SHA256: definition.SourceHash([]byte(c.Draft)), PublishedAt: now, PublishedBy: p.Name,
	}
	if err := tx.InsertVersion(ctx, v); err != nil {
		return nil, err
	}
	if move != nil {
		move.AskedAt, move.AskedBy = now, p.Name
		if err := tx.InsertMove(ctx, move); err != nil {
			return nil, err
		}
	}
	if pub.Draft.Entry.Listens() { // before its schedule, as whoever takes members in locks them
		if _, err := tx.Watch(ctx, pub.Draft.Entry.Segment, now); err != nil {
			return nil, err
		}
	}
	next, err := e.schedule(ctx, tx, c, v, pub.Draft, now)
	if err != nil {
		return nil, err
	}
	if c.State != campaigns.Paused && c.State.May(next) { // a pause ends by resuming alone
		if err := tx.SetCampaignState(ctx, c.ID, c.State, next, p.Name, now); err != nil {
			return nil, err
		}
	}
	data := map[string]any{"version": v.Number, "by": p.Name, "inside": string(cmp.Or(how.Inside, InsideStays))}
	return &Published{v, pub.Over}, tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.published", c.ID, data)})
}

// saidYes refuses a topic that the community does not list, texts that lag behind in a language, and texts that are missing in one, unless somebody has said yes to them.
func saidYes(pub *Publication, how Publishing) error {
	if pub.Strange && !how.AcceptTopic {
		return strangeTopic(pub)
	}
	if texts := pub.Outdated(); len(texts) > 0 && !how.AcceptOutdated {
		return inState(texts, difference.Outdated, "conflict.outdated_texts", "outdated_text")
	}
	if texts := pub.Missing(); len(texts) > 0 && !how.AcceptMissing {
		return inState(texts, difference.Missing, "conflict.missing_texts", "missing_text")
	}
	return nil
}

// strangeTopic: members who agreed to all topics would get it, and could not turn it off by itself.
func strangeTopic(pub *Publication) error {
	d := fault.Detail{Path: "topic", Code: "topic_of_community", Expected: strings.Join(pub.Topics, ", "), DidYouMean: meant.Word(pub.Draft.Topic, pub.Topics)}
	d.Args = map[string]any{"topics": d.Expected}
	if d.DidYouMean != "" {
		d.Code, d.Args["near"] = "topic_meant", d.DidYouMean
	}
	return fault.New(fault.Conflict, "conflict.unknown_topic", map[string]any{"topic": pub.Draft.Topic}).With(d)
}

// inState names each text and language in which it is so.
func inState(texts []difference.Text, state difference.WordingState, refusal, code string) error {
	var list []fault.Detail
	for _, t := range texts {
		for _, w := range t.Wordings {
			if w.State == state {
				list = append(list, fault.Detail{Path: t.Name(), Code: code, Args: map[string]any{"text": t.Name(), "language": string(w.Lang), "name": locale.Tongue(w.Lang)}})
			}
		}
	}
	return fault.New(fault.Conflict, refusal, map[string]any{"n": len(texts)}).With(list...)
}

// moveOf is what is to become of those inside; nil: they stay.
func (e *Engine) moveOf(ctx context.Context, from source, pub *Publication, how Publishing) (*store.Move, error) {
	if len(how.Moves) > 0 && how.Inside != InsideMoves {
		return nil, fault.New(fault.Invalid, "invalid.moves_without_move", nil)
	}
	m := &store.Move{Campaign: pub.Campaign.ID, Version: pub.Version, Landings: how.Moves}
	switch how.Inside {
	case InsideEnds:
		m.End = true
	case InsideMoves:
		if err := e.checkMoves(ctx, from, pub, how.Moves); err != nil {
			return nil, err
		}
	case InsideStays, "":
		if !pub.Texts {
			return nil, nil
		}
		m.Versions = pub.revised
	default:
		return nil, fault.New(fault.Invalid, "invalid.inside", map[string]any{"value": string(how.Inside)})
	}
	if pub.Campaign.LiveVersion == 0 {
		return nil, nil // nobody was ever inside
	}
	return m, nil
}

// checkMoves refuses what leads nowhere, and what is not said where it leads.
func (e *Engine) checkMoves(ctx context.Context, from source, pub *Publication, moves map[campaigns.StepID]campaigns.StepID) error {
	bad, err := e.badMoves(ctx, from, pub, moves)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return fault.New(fault.Invalid, "invalid.moves", nil).With(bad...)
	}
	var open []fault.Detail
	for _, s := range pub.Inside {
		if s.Place == nil && !s.Unread {
			open = append(open, fault.Detail{Path: string(s.Step), Code: "no_place", Args: map[string]any{"step": string(s.Step), "n": s.N, "version": s.Version}})
		}
	}
	if len(open) > 0 {
		return fault.New(fault.Conflict, "conflict.no_place", nil).With(open...)
	}
	return nil
}

func (e *Engine) badMoves(ctx context.Context, in source, pub *Publication, moves map[campaigns.StepID]campaigns.StepID) (bad []fault.Detail, err error) {
	known := map[campaigns.StepID]bool{}
	for n := 1; n < pub.Version && len(moves) > 0; n++ {
		l, err := e.version(ctx, in, pub.Campaign.ID, n)
		if err != nil && !errors.Is(err, errBadVersion) {
			return nil, err
		}
		if l != nil {
			for _, s := range l.def.Order {
				known[s.ID] = true
			}
		}
	}
	for _, from := range slices.Sorted(maps.Keys(moves)) {
		to := moves[from]
		switch {
		case !known[from]:
			bad = append(bad, fault.Detail{Path: string(from), Code: "move_unknown_step", Args: map[string]any{"step": string(from)}})
		case to != "" && pub.Draft.Step(to) == nil:
			bad = append(bad, fault.Detail{Path: string(from), Code: "move_to_unknown_step", Args: map[string]any{"step": string(to)}})
		case to != "" && pub.Draft.RepeatOf(to) != nil:
			bad = append(bad, fault.Detail{Path: string(from), Code: "move_into_repeat", Args: map[string]any{"step": string(to), "repeat": string(pub.Draft.RepeatOf(to).ID)}})
		}
	}
	return bad, nil
}
