package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// A counter counts rows that have something in common. Whoever changes such rows notes it in the transaction (Tx.count), which appends one delta a
// counter before it commits; FoldCounters adds the deltas up. A counter row that everybody updates would let one transaction through at a time.

// counterKind is what a counter counts.
type counterKind string

const (
	countPaths      counterKind = "path"      // enrollments: version, state, reason, step, wait, visits
	countComing     counterKind = "coming"    // enrollments that wait for a time, by that: version, step
	countBegan      counterKind = "began"     // enrollments that were moved since they began: the version by which they began, and that by which they go
	countDeliveries counterKind = "delivery"  // deliveries: step, channel, state (pending until it is final), reason
	countFinal      counterKind = "final"     // deliveries by when they became final: state, reason
	countAnswers    counterKind = "answer"    // responses: question, type, choice, number, late
	countChoices    counterKind = "choice"    // each value of responses with several: question, type, value, late
	countAnswered   counterKind = "answered"  // responses by when they were given
	countAnswerers  counterKind = "answerer"  // members who answered
	countRounds     counterKind = "round"     // members who answered in a round in time: round
	countScores     counterKind = "score"     // members who have points: how many
	countMeasured   counterKind = "measured"  // passages that were held out or reached their goal: the version by which they began, held out, reached
	countEntered    counterKind = "entered"   // members who ever entered: language
	countMembers    counterKind = "member"    // members who are not erased: language
	countAddresses  counterKind = "addressed" // members with an address: channel, language
)

// counter names one counter.
type counter struct {
	kind     counterKind
	campaign campaigns.CampaignID // 0: of no campaign
	at       int64                // quarter of an hour; 0: not by time
	key      string
}

// by makes the key of a counter.
func by(kind counterKind, id campaigns.CampaignID, parts ...any) counter {
	return counter{kind: kind, campaign: id, key: keyOf(parts...)}
}

func keyOf(parts ...any) string {
	b, _ := json.Marshal(parts) // texts, numbers, booleans and maps of them always can be
	return string(b)
}

// parts reads what a key was made of.
func (c counter) parts(into ...any) error { return json.Unmarshal([]byte(c.key), &into) }

// countable is what rows are counted by: a few fields that are made into a key once a transaction and not once a row.
type countable interface {
	counter() counter
}

func (c counter) counter() counter { return c }

// tallies are what a transaction has counted. Those that bulk work counts row by row stand apart, by their own types: as a countable, each row's would be a
// piece of memory.
type tallies struct {
	paths      map[path]int
	coming     map[comingGroup]int
	deliveries map[deliveryGroup]int
	finals     map[finalGroup]int
	others     map[countable]int
}

func tally[K comparable](to *map[K]int, k K, n int) {
	if *to == nil {
		*to = map[K]int{}
	}
	(*to)[k] += n
}

// deltas are what is to be written of them.
func (t *tallies) deltas() (ds []delta) {
	ds = appendDeltas(ds, t.paths)
	ds = appendDeltas(ds, t.coming)
	ds = appendDeltas(ds, t.deliveries)
	ds = appendDeltas(ds, t.finals)
	return appendDeltas(ds, t.others)
}

// counted is a countable's own type.
type counted interface {
	comparable
	countable
}

func appendDeltas[K counted](ds []delta, counts map[K]int) []delta {
	for c, n := range counts {
		if n != 0 {
			ds = append(ds, delta{c.counter(), n})
		}
	}
	return ds
}

// count notes that n more rows (or less) are such.
func (tx *Tx) count(c countable, n int) { tally(&tx.counts.others, c, n) }

type delta struct {
	counter
	n int
}

var deltaColumns = columns[delta]{
	texts("kind", func(d delta) counterKind { return d.kind }),
	ints("campaign_id", func(d delta) campaigns.CampaignID { return d.campaign }),
	ints("at", func(d delta) int64 { return d.at }),
	texts("key", func(d delta) string { return d.key }),
	ints("amount", func(d delta) int { return d.n }),
}

// appendCounts writes what the transaction has counted: a row a counter, however many rows it changed.
func (tx *Tx) appendCounts(ctx context.Context) error {
	ds := tx.counts.deltas()
	tx.counts = tallies{}
	if len(ds) == 0 {
		return nil
	}
	return wrap("append counts", deltaColumns.append(ctx, tx.queries, "counter_deltas", "", ds))
}

// foldRows bounds how many deltas are folded in one transaction.
const foldRows = 5000

// FoldCounters adds appended deltas to their counters, and reports whether there may be more. Only one process is to do it at a time, or two wait for
// each other's rows; the deltas that one takes the other does not.
func (s *Store) FoldCounters(ctx context.Context) (more bool, err error) {
	_, some, err := one(ctx, s.run, value[string], `SELECT kind FROM counter_deltas LIMIT 1`)
	if err != nil || !some {
		return false, wrap("look for counts", err)
	}
	err = s.WriteBulk(ctx, func(tx *Tx) error {
		taken, err := tx.takeDeltas(ctx)
		if err != nil {
			return err
		}
		more = len(taken) == foldRows
		sums := map[counter]int{}
		for _, d := range taken {
			sums[d.counter] += d.n
		}
		var ds []delta
		for c, n := range sums {
			if n != 0 {
				ds = append(ds, delta{c, n})
			}
		}
		err = deltaColumns.append(ctx, tx.queries, "counters", `ON CONFLICT (kind, campaign_id, at, key) DO UPDATE SET amount = counters.amount + excluded.amount`, ds)
		if err != nil {
			return err
		}
		_, err = tx.run.exec(ctx, `DELETE FROM counters WHERE amount = 0`) // a key may hold what an erased member had answered
		return err
	})
	return more, wrap("fold counters", err)
}

func (tx *Tx) takeDeltas(ctx context.Context) ([]delta, error) {
	some := tx.dialect.either(
		`rowid IN (SELECT rowid FROM counter_deltas LIMIT $1)`,
		`ctid = ANY (ARRAY (SELECT ctid FROM counter_deltas LIMIT $1 FOR UPDATE SKIP LOCKED))`)
	return many(ctx, tx.run, scanDelta, `DELETE FROM counter_deltas WHERE `+some+` RETURNING `+deltaColumns.list(""), foldRows)
}

func scanDelta(r rows) (d delta, err error) {
	err = r.Scan(&d.kind, &d.campaign, &d.at, &d.key, &d.n)
	return d, err
}

// ForgetCounters removes counters of times that no page looks at any more.
func (tx *Tx) ForgetCounters(ctx context.Context, now time.Time) error {
	_, err := tx.run.exec(ctx, `DELETE FROM counters WHERE at > 0 AND at < $1`, quarterOf(now.AddDate(0, 0, -countedDays)))
	return wrap("forget counters", err)
}

// counted reads counters of a kind, of the campaigns (nil: of all, and of none), from a quarter on (0: from the first).
func (q queries) counted(ctx context.Context, kind counterKind, ids []campaigns.CampaignID, from int64) ([]delta, error) {
	w := q.filter("kind = ", string(kind))
	if ids != nil {
		w.add("campaign_id" + q.dialect.among(w.param(list(q.dialect, ids))))
	}
	if from != 0 {
		w.is("at >= ", from)
	}
	where := w.where()
	ds, err := many(ctx, q.run, scanDelta, `SELECT kind, campaign_id, at, key, CAST(sum(amount) AS BIGINT) FROM (
			SELECT kind, campaign_id, at, key, amount FROM counters`+where+` UNION ALL SELECT kind, campaign_id, at, key, amount FROM counter_deltas`+where+`) AS c
		GROUP BY kind, campaign_id, at, key HAVING sum(amount) <> 0 ORDER BY campaign_id, at, key`, w.args...)
	return ds, wrap("read counters", err)
}

// quarter is how finely times are grouped: zones differ by quarters of an hour at least.
const quarter = int64(15 * time.Minute / time.Microsecond)

func quarterOf(t time.Time) int64 { return micros(t) / quarter }

func fromQuarter(at int64) time.Time { return fromMicros(at * quarter) }
