package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// MemberQuery narrows a list of members; empty fields match all.
type MemberQuery struct {
	// Text is looked for in names, external ids and addresses, whatever its case.
	Text     string
	Language campaigns.Lang
	Channel  campaigns.Channel // has an address there
}

// searchPage is how many members' names are read at once.
const searchPage = 2000

// FindMembers lists the ids of members who are not erased, by id, after the page's place. Names are folded by Go (SQLite folds ASCII only),
// so a search walks them in pages until the list is full.
func (q queries) FindMembers(ctx context.Context, m MemberQuery, p Page) ([]campaigns.MemberID, error) {
	text := definition.Fold(strings.TrimSpace(m.Text))
	if text == "" {
		return q.membersAfter(ctx, m, p)
	}
	byAddress, err := q.membersByAddress(ctx, text)
	if err != nil {
		return nil, err
	}
	var found []campaigns.MemberID
	for after := p.After; ; {
		names, err := q.memberNames(ctx, m, Page{After: after, Limit: searchPage})
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if byAddress[n.id] || n.has(text) {
				if found = append(found, n.id); len(found) == p.limit() {
					return found, nil
				}
			}
		}
		if len(names) < searchPage {
			return found, nil
		}
		after = int64(names[len(names)-1].id)
	}
}

type memberName struct {
	id                    campaigns.MemberID
	external, first, last string
}

func (n memberName) has(folded string) bool {
	return strings.Contains(definition.Fold(n.first+" "+n.last), folded) || strings.Contains(definition.Fold(n.external), folded)
}

// where is the conditions of the query that SQL can tell.
func (q queries) memberFilter(m MemberQuery, p Page) *filter {
	w := q.filter("id > ", p.After)
	w.add("state = 'active'")
	w.word("language = ", string(m.Language))
	if m.Channel != "" {
		w.add("EXISTS (SELECT 1 FROM addresses a WHERE a.member_id = members.id AND a.channel = $" + strconv.Itoa(w.param(m.Channel)) + ")")
	}
	return w
}

func (q queries) membersAfter(ctx context.Context, m MemberQuery, p Page) ([]campaigns.MemberID, error) {
	w := q.memberFilter(m, p)
	ids, err := many(ctx, q.run, value[campaigns.MemberID], w.page(`SELECT id FROM members`, p), w.args...)
	return ids, wrap("list members", err)
}

func (q queries) memberNames(ctx context.Context, m MemberQuery, p Page) ([]memberName, error) {
	w := q.memberFilter(m, p)
	ns, err := many(ctx, q.run, func(r rows) (n memberName, err error) {
		err = r.Scan(&n.id, orEmpty(&n.external), &n.first, &n.last)
		return n, err
	}, w.page(`SELECT id, external_id, first_name, last_name FROM members`, p), w.args...)
	return ns, wrap("read names", err)
}

// membersByAddress finds members by a part of an address. A chat's number is no word: it is found whole.
func (q queries) membersByAddress(ctx context.Context, folded string) (map[campaigns.MemberID]bool, error) {
	found := map[campaigns.MemberID]bool{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		err = r.Scan(&id)
		found[id] = true
		return
	}, `SELECT member_id FROM addresses WHERE value_key = $1 OR (channel = 'email' AND `+q.dialect.position("value_key", "$1")+` > 0)`, folded)
	return found, wrap("find by address", err)
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
