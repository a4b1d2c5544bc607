package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

const (
	// wordRunes is how much of a word is kept and compared.
	wordRunes = 40
	// searchedWords is how many words of a search are looked for.
	searchedWords = 8
	// wordsEach bounds the words of one member.
	wordsEach = 24
)

// wordsOf are the folded words of some texts, each once, in order. Whoever types "Алена" means "Алёна" too.
func wordsOf(texts ...string) []string {
	var words []string
	for _, text := range texts {
		folded := strings.ReplaceAll(norm.NFC.String(definition.Fold(text)), "ё", "е")
		for _, w := range strings.FieldsFunc(folded, between) {
			if r := []rune(w); len(r) > wordRunes {
				w = string(r[:wordRunes])
			}
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// between reports what stands between words. A picture in a name is a word.
func between(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.So, unicode.Sk)
}

// beyond is behind every word that begins with this one, in the order of bytes.
func beyond(word string) string { return word + string(unicode.MaxRune) }

// named is what a member is found by.
type named struct {
	id                           campaigns.MemberID
	external, first, last, email string
}

// words are the member's. Of a mail address they are those before the @: half of all share the others.
func (n named) words() []string {
	local, _, _ := strings.Cut(n.email, "@")
	var all []string
	for _, text := range []string{n.first, n.last, n.external, local} { // what a person is called comes before what may have many pieces
		all = append(all, wordsOf(text)...)
		all = all[:min(len(all), wordsEach)]
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// search is what is looked for: members each of whose words begins with one of these, and whose address holds the part of one.
type search struct {
	words   []string
	address string // holds an @; or empty
}

func newSearch(text string) search {
	local, _, isAddress := strings.Cut(text, "@")
	s := search{words: wordsOf(local)}
	if isAddress {
		s.address = definition.Fold(text)
	}
	s.words = s.words[:min(len(s.words), searchedWords)]
	return s
}

// finds reports whether it is the member who is looked for.
func (s search) finds(n named) bool {
	own := n.words()
	return strings.Contains(n.email, s.address) && !slices.ContainsFunc(s.words, func(w string) bool {
		return !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, w) })
	})
}

const namedColumns = `id, external_id, first_name, last_name,
	(SELECT a.value_key FROM addresses a WHERE a.member_id = members.id AND a.channel = 'email')`

func scanNamed(r rows) (n named, err error) {
	err = r.Scan(&n.id, orEmpty(&n.external), &n.first, &n.last, orEmpty(&n.email))
	return n, err
}

// renamed notes that the members' words are to be written anew before the transaction commits.
func (tx *Tx) renamed(ids ...campaigns.MemberID) {
	if tx.reworded == nil {
		tx.reworded = map[campaigns.MemberID]bool{}
	}
	for _, id := range ids {
		tx.reworded[id] = true
	}
}

type wordRow struct {
	member campaigns.MemberID
	word   string
}

var wordColumns = columns[wordRow]{
	ints("member_id", func(r wordRow) campaigns.MemberID { return r.member }),
	texts("word", func(r wordRow) string { return r.word }),
}

// writeWords writes the words of those who were renamed.
func (tx *Tx) writeWords(ctx context.Context) error {
	if len(tx.reworded) == 0 {
		return nil
	}
	ids := list(tx.dialect, slices.Sorted(maps.Keys(tx.reworded)))
	tx.reworded = nil
	if _, err := tx.run.exec(ctx, `DELETE FROM member_words WHERE member_id`+tx.dialect.among(1), ids); err != nil {
		return wrap("remove words", err)
	}
	ns, err := many(ctx, tx.run, scanNamed, `SELECT `+namedColumns+` FROM members WHERE state = 'active' AND id`+tx.dialect.among(1)+` ORDER BY id`, ids)
	if err != nil {
		return wrap("read names", err)
	}
	var words []wordRow
	for _, n := range ns {
		for _, w := range n.words() {
			words = append(words, wordRow{n.id, w})
		}
	}
	_, err = wordColumns.insert(ctx, tx.queries, "member_words", "ON CONFLICT DO NOTHING", words)
	return wrap("write words", err)
}

// wordsAgain is when those of everybody are written once more: a worker of the release before may go on for a while, and knows of no words.
const wordsAgain = time.Hour

// FillWords writes the words of some members who were there before words were kept, and reports whether there is more to do now. over: nor ever.
func (s *Store) FillWords(ctx context.Context, now time.Time) (more, over bool, err error) {
	due, is, err := one(ctx, s.run, value[int64], `SELECT due_at FROM fills WHERE name = 'member_words'`)
	if err != nil || !is || due > micros(now) {
		return false, !is, wrap("look for words to fill", err)
	}
	err = s.WriteBulk(ctx, func(tx *Tx) error {
		f, is, err := one(ctx, tx.run, func(r rows) (f [3]int64, err error) { return f, r.Scan(&f[0], &f[1], &f[2]) },
			`SELECT last, upto, due_at FROM fills WHERE name = 'member_words'`+tx.dialect.forUpdate())
		if more = is; err != nil || !is {
			return wrap("fill words", err)
		}
		ids, err := many(ctx, tx.run, value[campaigns.MemberID], `SELECT id FROM members WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3`+tx.dialect.forUpdate(), f[0], f[1], s.BulkRows())
		if err != nil {
			return wrap("fill words", err)
		}
		upto := f[1]
		if len(ids) == s.BulkRows() {
			upto = int64(ids[len(ids)-1])
		}
		// With the words of those who are no longer there.
		if _, err := tx.run.exec(ctx, `DELETE FROM member_words WHERE member_id > $1 AND member_id <= $2`, f[0], upto); err != nil {
			return wrap("fill words", err)
		}
		tx.renamed(ids...)
		if upto < f[1] {
			_, err = tx.run.exec(ctx, `UPDATE fills SET last = $1 WHERE name = 'member_words'`, upto)
			return wrap("fill words", err)
		}
		return tx.filledWords(ctx, f[2] > 0, now)
	})
	return more, false, err
}

// filledWords ends a pass over all members: the first is followed by one more.
func (tx *Tx) filledWords(ctx context.Context, again bool, now time.Time) (err error) {
	if again {
		_, err = tx.run.exec(ctx, `DELETE FROM fills WHERE name = 'member_words'`)
	} else {
		_, err = tx.run.exec(ctx, `UPDATE fills SET last = 0, upto = (SELECT COALESCE(MAX(id), 0) FROM members), due_at = $1 WHERE name = 'member_words'`, micros(now.Add(wordsAgain)))
	}
	return wrap("fill words", err)
}

// fillsWords reports whether words of earlier members are still to be written for the first time.
func (q queries) fillsWords(ctx context.Context) (bool, error) {
	_, some, err := one(ctx, q.run, value[int64], `SELECT upto FROM fills WHERE name = 'member_words' AND due_at = 0`)
	return some, wrap("look for words to fill", err)
}

// usual is how many members a search may find to be looked up: more are found soon by walking all. Of several words, one may have common times as many.
var usual = 5000

const common = 10

// found lists whom the search finds, by id; not ok: they are many.
func (q queries) found(ctx context.Context, s search) (ids []campaigns.MemberID, ok bool, err error) {
	words := slices.Clone(s.words)
	few, most := map[string]int{}, usual
	if len(words) > 1 || s.address != "" {
		most = common * usual
	}
	for _, w := range words {
		n, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM (SELECT 1 FROM member_words WHERE word >= $1 AND word < $2 LIMIT $3) AS w`, w, beyond(w), most+1)
		if err != nil {
			return nil, false, wrap("count by word", err)
		}
		if n == 0 {
			return nil, true, nil
		}
		few[w] = n
	}
	slices.SortStableFunc(words, func(a, b string) int { return few[a] - few[b] })
	if few[words[0]] > most {
		return nil, false, nil
	}
	f := &filter{dialect: q.dialect}
	f.is("w.word >= ", words[0])
	f.is("w.word < ", beyond(words[0]))
	for _, v := range words[1:] {
		f.add(`EXISTS (SELECT 1 FROM member_words v WHERE v.member_id = w.member_id AND v.word >= $` + strconv.Itoa(f.param(v)) +
			` AND v.word < $` + strconv.Itoa(f.param(beyond(v))) + `)`)
	}
	if s.address != "" {
		f.add(`EXISTS (SELECT 1 FROM addresses a WHERE a.member_id = w.member_id AND a.channel = 'email' AND ` +
			q.dialect.position("a.value_key", "$"+strconv.Itoa(f.param(s.address))) + ` > 0)`)
	}
	ids, err = many(ctx, q.run, value[campaigns.MemberID],
		`SELECT w.member_id FROM member_words w WHERE `+strings.Join(f.conds, " AND ")+` LIMIT $`+strconv.Itoa(f.param(usual+1)), f.args...)
	slices.Sort(ids)
	return slices.Compact(ids), len(ids) <= usual, wrap("find by words", err)
}
