package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// stage is the installation that a simulation is played on.
type stage struct {
	plan    Plan
	clock   *clock
	end     time.Time
	store   *store.Store
	journal *journal.Journal
	engine  *engine.Engine

	campaigns []campaign
	byID      map[campaigns.CampaignID]*campaign
	people    []*person
	member    map[campaigns.MemberID]*person
	to        map[string]*person // by address

	mu       sync.Mutex                        // guards what channels touch, on several connections at once
	arrived  map[campaigns.DeliveryID]*arrival // of those whose days are told
	unread   []*arrival
	received int
	full     bool // the bound on messages was reached

	kept atomic.Int64 // bytes; see maxKept

	acts    acts
	updates []engine.RawUpdate // not handed in yet
	forms   []filled           // not handed in yet
	held    map[campaigns.DeliveryID]hold
	told    []told
	seen    int64 // ids up to this one were looked at for holds
	update  int64 // of the bot's updates
	acting  bool  // members are acting: what they cause is sent before they look

	unmade map[campaigns.Key]*fault.Error // segments that could not be made
}

// campaign is one that is played.
type campaign struct {
	id  campaigns.CampaignID
	def *definition.Definition
}

// defs are the campaigns' definitions, in their order.
func (s *stage) defs() []*definition.Definition {
	defs := make([]*definition.Definition, len(s.campaigns))
	for i := range s.campaigns {
		defs[i] = s.campaigns[i].def
	}
	return defs
}

// person is a member while they are played.
type person struct {
	Member
	id      campaigns.MemberID
	zone    *time.Location
	blocked bool
	gone    bool // took the consent back: they answer nothing more
	counter int  // of their acts
	page    map[question]bool
}

// question is one that was put to a member.
type question struct {
	enrollment campaigns.EnrollmentID
	step       campaigns.StepID
	visit      int
}

// publicURL is where the pages behind mails' links would be.
const publicURL = "https://simulation.invalid"

func open(ctx context.Context, plan Plan, defs []*definition.Definition, dir string) (_ *stage, err error) {
	s := &stage{
		plan: plan, clock: &clock{t: plan.Start}, end: plan.end(), byID: map[campaigns.CampaignID]*campaign{},
		member: map[campaigns.MemberID]*person{}, to: map[string]*person{}, arrived: map[campaigns.DeliveryID]*arrival{}, held: map[campaigns.DeliveryID]hold{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(s.unless(err), s.close())
		}
	}()
	if err := s.install(ctx, dir, defs); err != nil {
		return nil, err
	}
	if err := s.settleIn(ctx); err != nil {
		return nil, err
	}
	return s, s.publish(ctx, defs)
}

// install opens everything that an installation has.
func (s *stage) install(ctx context.Context, dir string, defs []*definition.Definition) (err error) {
	if s.store, err = store.Open(ctx, store.Options{Throwaway: true, MaxBytes: s.plan.database}); err != nil {
		return err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return err
	}
	if s.journal, err = journal.Open(filepath.Join(dir, "journal"), "simulation"); err != nil {
		return err
	}
	assumed, _ := engine.ReadAssumedCalls(defs, s.plan.Calls) // it was looked at before
	o := engine.Options{
		Store: s.store, Journal: s.journal, Owner: "simulation", Secret: []byte("a simulation's links lead nowhere"), PublicURL: publicURL, Now: s.clock.now,
		Caller:       assuming{defs, assumed},
		MailFromName: s.plan.Community.Name, MailFrom: "news@simulation.invalid", Mailbox: mailbox, Blobs: blob.Nowhere(), TakenFor: s.original, Alone: true, Newcomers: true, SegmentsEvery: time.Hour,
		Senders: map[campaigns.Channel]channels.Sender{campaigns.Telegram: &sender{s, campaigns.Telegram}, campaigns.Email: &sender{s, campaigns.Email}},
		Chat:    chat{}, Waker: waker{s}, BulkRunners: 1, Connections: map[campaigns.Channel]int{campaigns.Telegram: 1, campaigns.Email: 1},
	}
	if s.plan.past != nil {
		o.Before = s.before
	}
	s.engine, err = engine.New(o)
	return err
}

func (s *stage) close() error {
	var errs []error
	if s.engine != nil {
		s.engine.Close()
	}
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// settleIn makes the community and its members.
func (s *stage) settleIn(ctx context.Context) error {
	c := s.plan.Community
	patch := engine.CommunityPatch{Name: &c.Name, TimeZone: &c.TimeZone, PostalAddress: &c.PostalAddress, Languages: c.Languages, Budget: c.Budget}
	if c.Brand != "" {
		patch.Brand = &c.Brand
	}
	if _, err := s.engine.PatchCommunity(ctx, engine.Operator, patch); err != nil {
		return err
	}
	ins := make([]engine.MemberInput, len(s.plan.Members))
	for i := range ins {
		ins[i] = s.plan.Members[i].input()
	}
	written, err := s.engine.UpsertMembers(ctx, engine.Operator, ins)
	if err != nil {
		return err
	}
	for i, w := range written {
		if w.Err != nil {
			return fmt.Errorf("make member %d: %w", i+1, w.Err)
		}
	}
	return s.meet(ctx)
}

// chatID and mailAddress are a member's made-up addresses.
func chatID(i int) string      { return fmt.Sprint(1_000_001 + i) }
func mailAddress(i int) string { return fmt.Sprintf("m%d@simulation.invalid", i+1) }

func (m *Member) input() engine.MemberInput {
	lang, zone := string(m.Language), m.Zone
	in := engine.MemberInput{
		ExternalID: m.ID, FirstName: &m.FirstName, LastName: &m.LastName, Language: &lang, TimeZone: &zone, QuietHours: m.Quiet,
		Attributes: m.Attributes, Tags: &m.Tags, Consents: m.Consents,
	}
	if _, has := m.Addresses[campaigns.Telegram]; has {
		in.TelegramChatID = new(chatID(m.index))
	}
	if _, has := m.Addresses[campaigns.Email]; has {
		in.Email = new(mailAddress(m.index))
	}
	return in
}

// original is whom a split and a holdout take a played member for: the member of the live service, or the number among those who are made up, whatever the database
// calls them and however many stages there are.
func (s *stage) original(id campaigns.MemberID) campaigns.MemberID {
	p := s.member[id]
	switch {
	case p == nil:
		return id
	case p.Live != 0:
		return p.Live
	}
	return campaigns.MemberID(p.index + 1)
}

// meet finds the members who were made, and gives their addresses what is known about them.
func (s *stage) meet(ctx context.Context) error {
	ids := make([]string, len(s.plan.Members))
	for i, m := range s.plan.Members {
		ids[i] = m.ID
	}
	known, err := s.store.MemberIDsByExternalID(ctx, ids)
	if err != nil {
		return err
	}
	for _, m := range s.plan.Members {
		zone, err := time.LoadLocation(cmp.Or(m.Zone, s.plan.Community.TimeZone))
		if err != nil {
			return err
		}
		p := &person{Member: m, id: known[m.ID], zone: zone, page: map[question]bool{}}
		s.people = append(s.people, p)
		s.member[p.id] = p
		s.to[chatID(m.index)], s.to[mailAddress(m.index)] = p, p
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, p := range s.people {
			if err := s.reach(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// reach writes what the live service knows of a copied member and their addresses. No use case of the engine does: there it follows from what happens.
func (s *stage) reach(ctx context.Context, tx *store.Tx, p *person) error {
	if p.Stopped {
		m, err := tx.Member(ctx, p.id)
		if err != nil {
			return err
		}
		m.StoppedAt = &s.plan.Start
		if err := tx.UpdateMember(ctx, m); err != nil {
			return err
		}
	}
	for ch, a := range p.Addresses {
		if a.Unconfirmed {
			if err := tx.ProveAddress(ctx, p.id, ch, members.Unconfirmed); err != nil {
				return err
			}
		}
		if a.Reach != "" {
			if _, err := tx.SetReach(ctx, p.id, ch, a.Reach, s.plan.Start, s.plan.Start); err != nil {
				return err
			}
		}
		if a.Suppressed != "" {
			key := chatID(p.index)
			if ch == campaigns.Email {
				key = mailAddress(p.index)
			}
			if err := tx.Suppress(ctx, ch, s.engine.AddressHash(ch, key), a.Suppressed, s.plan.Start); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish makes the campaigns live.
func (s *stage) publish(ctx context.Context, defs []*definition.Definition) error {
	keys := make([]campaigns.Key, len(defs))
	for i, draft := range s.plan.Campaigns {
		c, err := s.engine.CreateCampaign(ctx, engine.Operator, draft)
		if err != nil {
			return err
		}
		keys[i] = c.Key
	}
	if err := s.named(ctx, keys); err != nil {
		return err
	}
	s.campaigns = make([]campaign, len(defs))
	for i, key := range keys {
		v, err := s.engine.Publish(ctx, engine.Operator, key)
		if err != nil {
			return &InCampaign{i, s.withCauses(err)}
		}
		s.campaigns[i] = campaign{v.Campaign, defs[i]}
		s.byID[v.Campaign] = &s.campaigns[i]
	}
	return nil
}

// named puts there what conditions may name: the other campaigns as drafts, then the segments, each after those that it names itself.
func (s *stage) named(ctx context.Context, played []campaigns.Key) error {
	for _, draft := range s.plan.Others {
		def, err := engine.ParseStoredDraft(draft)
		if err != nil || slices.Contains(played, def.Key) { // a draft that this binary cannot read is not there
			continue
		}
		if _, err := s.engine.CreateCampaign(ctx, engine.Operator, draft); err != nil {
			return err
		}
	}
	return s.makeSegments(ctx)
}
