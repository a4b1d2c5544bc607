package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// MemberQuery narrows a list of members; empty fields match all.
type MemberQuery struct {
	// Text is looked for in names, external ids and addresses, whatever its case: the beginnings of words, a chat's number, or a part of a mail address.
	Text     string
	Language campaigns.Lang
	Channel  campaigns.Channel // has an address there
}

// searchPage is how many members' names are read at once.
const searchPage = 2000

// FindMembers lists the ids of members who are not erased, by id, after the page's place: those each of whose searched words begins a word of their name, external
// id or mail address, and whoever has the text as a chat's number; if there are none, those in whose mail address it stands. Few are looked up; what many share is soon
// found by walking all.
func (q queries) FindMembers(ctx context.Context, m MemberQuery, p Page) ([]campaigns.MemberID, error) {
	text := strings.TrimSpace(m.Text)
	if text == "" {
		return q.membersAfter(ctx, m, p, nil)
	}
	also, err := q.membersByNumber(ctx, text)
	if err != nil {
		return nil, err
	}
	s := newSearch(text)
	found, err := q.search(ctx, m, p, s, also)
	if err != nil || len(found) > 0 || p.After > 0 || !strings.ContainsAny(text, ".@") {
		return found, err
	}
	if also, err = q.membersByAddress(ctx, definition.Fold(text)); err != nil {
		return nil, err
	}
	return q.search(ctx, m, p, search{words: wordsOf(text)}, also)
}

// search lists whom the search finds, and those who are found anyway.
func (q queries) search(ctx context.Context, m MemberQuery, p Page, s search, also []campaigns.MemberID) ([]campaigns.MemberID, error) {
	ids, common, err := q.candidates(ctx, s)
	switch {
	case err != nil:
		return nil, err
	case common:
		return q.walk(ctx, m, p, s, also)
	}
	return q.membersAfter(ctx, m, p, append(append([]campaigns.MemberID{}, also...), ids...))
}

// candidates looks the search's words up. common: it is better to look at all members, also while the words of some are not written yet.
func (q queries) candidates(ctx context.Context, s search) (ids []campaigns.MemberID, common bool, err error) {
	if len(s.words) == 0 {
		return nil, false, nil
	}
	if fills, err := q.fillsWords(ctx); err != nil || fills {
		return nil, fills, err
	}
	ids, few, err := q.found(ctx, s)
	return ids, !few, err
}

// membersByNumber finds whose chat has the number.
func (q queries) membersByNumber(ctx context.Context, number string) ([]campaigns.MemberID, error) {
	ids, err := many(ctx, q.run, value[campaigns.MemberID], `SELECT member_id FROM addresses WHERE channel = 'telegram' AND value_key = $1`, number)
	return ids, wrap("find by number", err)
}

// membersByAddress finds in whose mail address the part stands. It looks at all.
func (q queries) membersByAddress(ctx context.Context, part string) ([]campaigns.MemberID, error) {
	ids, err := many(ctx, q.run, value[campaigns.MemberID],
		`SELECT member_id FROM addresses WHERE channel = 'email' AND `+q.dialect.position("value_key", "$1")+` > 0`, part)
	return ids, wrap("find by address", err)
}

// walk looks at the members in pages until the list is full.
func (q queries) walk(ctx context.Context, m MemberQuery, p Page, s search, also []campaigns.MemberID) (found []campaigns.MemberID, _ error) {
	for after := p.After; ; {
		w := q.memberFilter(m, Page{After: after})
		ns, err := many(ctx, q.run, scanNamed, w.page(`SELECT `+namedColumns+` FROM members`, Page{Limit: searchPage}), w.args...)
		if err != nil {
			return nil, wrap("read names", err)
		}
		for _, n := range ns {
			if slices.Contains(also, n.id) || s.finds(n) {
				if found = append(found, n.id); len(found) == p.limit() {
					return found, nil
				}
			}
		}
		if len(ns) < searchPage {
			return found, nil
		}
		after = int64(ns[len(ns)-1].id)
	}
}

// memberFilter is the conditions of the query that SQL can tell.
func (q queries) memberFilter(m MemberQuery, p Page) *filter {
	w := q.filter("id > ", p.After)
	w.add("state = 'active'")
	w.word("language = ", string(m.Language))
	if m.Channel != "" {
		w.add("EXISTS (SELECT 1 FROM addresses a WHERE a.member_id = members.id AND a.channel = $" + strconv.Itoa(w.param(m.Channel)) + ")")
	}
	return w
}

// membersAfter lists them; among: no others than these, or nil.
func (q queries) membersAfter(ctx context.Context, m MemberQuery, p Page, among []campaigns.MemberID) ([]campaigns.MemberID, error) {
	w := q.memberFilter(m, p)
	if among != nil {
		w.add("id" + q.dialect.among(w.param(list(q.dialect, among))))
	}
	ids, err := many(ctx, q.run, value[campaigns.MemberID], w.page(`SELECT id FROM members`, p), w.args...)
	return ids, wrap("list members", err)
}

// CountMembers counts the members whom the query's language and channel leave; Text is left out.
func (q queries) CountMembers(ctx context.Context, m MemberQuery) (n int, err error) {
	kind := countMembers
	if m.Channel != "" {
		kind = countAddresses
	}
	ds, err := q.counts(ctx, kind, []campaigns.CampaignID{0}, 0)
	for _, d := range ds {
		var channel campaigns.Channel
		var language campaigns.Lang
		into := []any{&language}
		if kind == countAddresses {
			into = []any{&channel, &language}
		}
		if err := d.parts(into...); err != nil {
			return 0, wrap("read members", err)
		}
		if channel == m.Channel && (m.Language == "" || language == m.Language) {
			n += d.n
		}
	}
	return n, err
}

// MemberLanguages counts the members by language.
func (q queries) MemberLanguages(ctx context.Context) ([]LanguageCount, error) {
	return q.languages(ctx, countMembers, 0)
}

// Inside lists a campaign's enrollments that are not over, by id; step empty: all.
func (q queries) Inside(ctx context.Context, id campaigns.CampaignID, step campaigns.StepID, p Page) ([]*Enrollment, error) {
	w := q.list(id, p)
	last, err := q.upTo(ctx, w, "enrollments", id, p)
	if err != nil {
		return nil, wrap("look for enrollments inside", err)
	}
	w.add("state IN ('active', 'waiting')")
	w.word("step = ", string(step))
	es, err := many(ctx, q.run, scanEnrollment, w.page(selectEnrollment, p), w.args...)
	p.stopped(last, len(es))
	return es, wrap("list enrollments inside", err)
}

// LatestResponses lists the newest answers to a question, the newest first; before 0: from the newest of all.
func (q queries) LatestResponses(ctx context.Context, f ResponseFilter, before int64, limit int) ([]*Response, error) {
	w := &filter{dialect: q.dialect}
	w.id("campaign_id = ", int64(f.Campaign))
	w.id("member_id = ", int64(f.Member))
	w.word("question = ", f.Question)
	w.id("id < ", before)
	w.add("answer <> '{}'")
	rs, err := many(ctx, q.run, scanResponse, `SELECT `+readColumns+` FROM responses WHERE `+strings.Join(w.conds, " AND ")+` ORDER BY id DESC LIMIT $`+strconv.Itoa(w.param(limit)), w.args...)
	return rs, wrap("list latest responses", err)
}
