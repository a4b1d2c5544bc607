package store_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// A small world, so that conditions hold about as often as not.
var (
	someText  = rapid.SampledFrom([]string{"", "a1", "A1", "b1", "Straße", "STRASSE", "ёлка", "ЁЛКА", "елка", "İ", "true", "1", "a", "%", "a_", "ß"})
	someNum   = rapid.SampledFrom([]float64{-1, 0, 0.1, 1, 2, 1e15})
	someName  = rapid.SampledFrom([]string{"level", "age", "Level"})
	someLang  = rapid.SampledFrom([]string{"", "en", "EN", "en-GB", "ru", "pt", "pt-BR", "p"})
	someReach = rapid.SampledFrom([]channels.Reach{channels.ReachUnknown, channels.ReachOK, channels.ReachBlocked, channels.ReachNotStarted, channels.ReachGone})
	someChan  = rapid.SampledFrom([]campaigns.Channel{campaigns.Telegram, campaigns.Email})
	someOp    = rapid.SampledFrom([]definition.Op{
		definition.OpIs, definition.OpIsNot, definition.OpIn, definition.OpExists, definition.OpGreater,
		definition.OpLess, definition.OpAtLeast, definition.OpAtMost, definition.OpContains, "",
	})
)

func someValue(t *rapid.T) any {
	switch rapid.IntRange(0, 2).Draw(t, "type") {
	case 0:
		return someText.Draw(t, "text")
	case 1:
		return someNum.Draw(t, "number")
	}
	return rapid.Bool().Draw(t, "bool")
}

func someCondition(t *rapid.T, depth int) definition.Condition {
	kinds := 11
	if depth == 0 {
		kinds = 8
	}
	var c definition.Condition
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		c.Subject, c.Name = definition.SubjectTag, someText.Draw(t, "tag")
	case 1:
		c.Subject, c.Name = definition.SubjectLanguage, rapid.SampledFrom([]string{"en", "ru", "pt", "PT-br", "p"}).Draw(t, "language")
	case 2:
		c.Subject, c.Name = definition.SubjectChannel, string(someChan.Draw(t, "channel"))
	case 3, 4:
		c.Subject = rapid.SampledFrom([]definition.Subject{definition.SubjectAttribute, definition.SubjectAttribute, definition.SubjectAnswer}).Draw(t, "subject")
		c.Name = someName.Draw(t, "name")
		someComparison(t, &c)
	case 5, 6, 7:
		return somePast(t)
	case 8:
		c.All = someConditions(t, depth)
	case 9:
		c.Any = someConditions(t, depth)
	case 10:
		inner := someCondition(t, depth-1)
		c.Not = &inner
	}
	return c
}

func someComparison(t *rapid.T, c *definition.Condition) {
	c.Op, c.Value = someOp.Draw(t, "op"), someValue(t)
	if c.Op == definition.OpIn {
		c.Values = rapid.SliceOfN(rapid.Custom(someValue), 0, 3).Draw(t, "values")
	}
}

func someConditions(t *rapid.T, depth int) []definition.Condition {
	all := make([]definition.Condition, rapid.IntRange(0, 3).Draw(t, "count"))
	for i := range all {
		all[i] = someCondition(t, depth-1)
	}
	return all
}

// person is a member as Go sees them.
type person struct {
	id     campaigns.MemberID
	active bool
	facts  definition.Facts
	life
}

func somePerson(t *rapid.T, ctx context.Context, tx *store.Tx, n int) (person, error) {
	m := &members.Member{
		State: members.Active, Language: campaigns.Lang(someLang.Draw(t, "language")), CreatedAt: now, UpdatedAt: now,
		Tags: rapid.SliceOfN(someText, 0, 2).Draw(t, "tags"), Attributes: map[string]any{},
	}
	for range rapid.IntRange(0, 2).Draw(t, "attributes") {
		m.Attributes[someName.Draw(t, "name")] = someValue(t)
	}
	if rapid.IntRange(0, 19).Draw(t, "erased") == 0 {
		m.State = members.Erased
	}
	if err := tx.InsertMember(ctx, m); err != nil {
		return person{}, err
	}
	p := person{id: m.ID, active: m.State == members.Active}
	p.facts = definition.Facts{Attributes: m.Attributes, Tags: m.Tags, Language: m.Language, Channels: map[campaigns.Channel]bool{}}
	if p.facts.Language == "" {
		p.facts.Language = "pt-BR"
	}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if !rapid.Bool().Draw(t, "has") {
			continue
		}
		reach, key := someReach.Draw(t, "reach"), string(rune('a'+n%26))+string(ch)+rapid.StringMatching(`[a-z]{12}`).Draw(t, "key")
		proof := rapid.SampledFrom([]members.Proof{"", members.Confirmed, members.Unconfirmed}).Draw(t, "proof")
		if err := tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: ch, Value: key, Reach: reach, Proof: proof}, key, "h"+key, now); err != nil {
			return person{}, err
		}
		suppressed := rapid.IntRange(0, 3).Draw(t, "suppressed") == 0
		if suppressed {
			if err := tx.Suppress(ctx, ch, "h"+key, "bounce", now); err != nil {
				return person{}, err
			}
		}
		p.facts.Channels[ch] = reach.Usable() && !suppressed && proof != members.Unconfirmed
	}
	return p, nil
}

// TestAudienceEqualsHolds asks both evaluators of 1,500 conditions about 60 members each, Go by what was written and by what the store reads of it.
func TestAudienceEqualsHolds(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		world := newPastWorld(t, s)
		var all []person
		people := rapid.Custom(func(r *rapid.T) struct{} {
			all = nil
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				for n := range 60 {
					p, err := somePerson(r, ctx, tx, n)
					if err != nil {
						return err
					}
					if err := world.live(r, ctx, tx, &p); err != nil {
						return err
					}
					all = append(all, p)
				}
				return nil
			})
			return struct{}{}
		})
		people.Example(7)
		held, runs := map[definition.Subject]int{}, 0
		rapid.Check(t, func(r *rapid.T) { // 100 runs of 15 conditions on 60 members each
			ss := definition.Segments{"plain": ptr(someCondition(r, 1))}
			ss["nested"] = &definition.Condition{Any: []definition.Condition{{Subject: definition.SubjectSegment, Name: "plain"}, someCondition(r, 1)}}
			subject := pastSubjects[runs%len(pastSubjects)]
			runs++
			for n := range 15 { // the two may name each other: what leads to itself holds nobody
				c := someCondition(r, 3)
				if n == 0 { // chance alone would leave one out now and then
					c = somePastOf(r, subject)
				}
				n := compareEvaluators(t, r, s, store.Asked{Condition: &c, Segments: ss.Without(), Fallback: "pt-BR", Now: now}, all)
				held[c.Subject] += n
			}
		})
		for _, subject := range pastSubjects {
			if held[subject] == 0 {
				t.Errorf("no condition on %q ever held: the test proves nothing of it", subject)
			}
		}
	})
}

func compareEvaluators(t *testing.T, r *rapid.T, s *store.Store, a store.Asked, all []person) int {
	var want, ids []campaigns.MemberID
	for _, p := range all {
		ids = append(ids, p.id)
	}
	needs := definition.NeedsOf(a.Condition, a.Segments)
	read, err := s.Past(t.Context(), ids, needs.Past, a.Now)
	if err != nil {
		r.Fatalf("%+v: %v", *a.Condition, err)
	}
	for _, p := range all {
		f := p.facts
		f.Now, f.Segments, f.Past = a.Now, a.Segments, p.past(needs.Past, a.Now)
		holds := a.Condition.Holds(f)
		if f.Past = read[p.id]; a.Condition.Holds(f) != holds {
			r.Fatalf("%+v: of %d, by what was written %v, by what is read otherwise", *a.Condition, p.id, holds)
		}
		if p.active && holds {
			want = append(want, p.id)
		}
	}
	got, err := s.Audience(t.Context(), a, all[0].id-1, len(all))
	if err != nil {
		r.Fatalf("%+v: %v", *a.Condition, err)
	}
	if among, err := s.AudienceAmong(t.Context(), a, ids); err != nil || !slices.Equal(want, among) {
		r.Fatalf("%+v: Go says %v, SQL says %v among them (%v)", *a.Condition, want, among, err)
	}
	if !slices.Equal(want, got) {
		r.Fatalf("%+v: Go says %v, SQL says %v", *a.Condition, want, got)
	}
	return len(got)
}

func TestAudienceComesInPages(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var ids []campaigns.MemberID
		for i := range 5 {
			ids = append(ids, newMember(t, s, func(m *members.Member) {
				if i == 3 {
					m.State = members.Erased
				}
			}).ID)
		}
		everyone := store.Asked{Condition: &definition.Condition{Everyone: true}, Fallback: "en"}
		page := must[[]campaigns.MemberID](t)(s.Audience(t.Context(), everyone, 0, 2))
		same(t, ids[:2], page)
		same(t, []campaigns.MemberID{ids[2], ids[4]}, must[[]campaigns.MemberID](t)(s.Audience(t.Context(), everyone, page[1], 9)))
		same(t, 4, must[int](t)(s.CountAudience(t.Context(), everyone)))
	})
}

// TestCountingLeavesNoSetting: a count has the memory of a whole table, and what follows on its connection has not.
func TestCountingLeavesNoSetting(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		if s.Embedded() {
			t.Skip("settings are PostgreSQL's")
		}
		settings := `SELECT setting FROM pg_settings WHERE name IN ('work_mem', 'max_parallel_workers_per_gather') ORDER BY name`
		before := must[[]string](t)(s.Texts(t.Context(), settings))
		must[int](t)(s.CountAudience(t.Context(), store.Asked{Condition: &definition.Condition{Everyone: true}, Fallback: "en"}))
		same(t, before, must[[]string](t)(s.Texts(t.Context(), settings)))
	})
}
