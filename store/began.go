package store

import (
	"context"
	"encoding/json"

	"github.com/kruzhok/kruzhok/campaigns"
)

// MovedCount counts the passages that began by one version and go by another.
type MovedCount struct {
	Began, Version, N int
}

// CountMoved counts a campaign's passages that were moved since they began.
func (q queries) CountMoved(ctx context.Context, id campaigns.CampaignID) ([]MovedCount, error) {
	ds, err := q.counts(ctx, countBegan, []campaigns.CampaignID{id}, 0)
	out := make([]MovedCount, len(ds))
	for i, d := range ds {
		if err := d.parts(&out[i].Began, &out[i].Version); err != nil {
			return nil, wrap("read who was moved", err)
		}
		out[i].N = d.n
	}
	return out, err
}

// beganRowsAtOnce bounds how many passages are filled in by one transaction.
const beganRowsAtOnce = 1000

// firstMove is where a passage stood before it was first moved, as the log has it.
type firstMove struct {
	enrollment campaigns.EnrollmentID
	from       int
}

// fillBegan notes where those of the campaign's passages began that were moved by a process of before 00019. Who was moved before the first step began later. What
// this changes is not counted: the comparison that follows does it.
func (s *Store) fillBegan(ctx context.Context, id campaigns.CampaignID) error {
	for after := campaigns.EnrollmentID(0); ; {
		moves, err := s.firstMoves(ctx, id, after)
		if err != nil || len(moves) == 0 {
			return err
		}
		after = moves[len(moves)-1].enrollment
		from := map[int][]campaigns.EnrollmentID{}
		for _, m := range moves {
			from[m.from] = append(from[m.from], m.enrollment)
		}
		err = s.WriteBulk(ctx, func(tx *Tx) error {
			for began, ids := range from {
				if _, err := tx.run.exec(ctx, `UPDATE enrollments SET began_in = $2 WHERE began_in = 0 AND id`+tx.dialect.among(1), list(tx.dialect, ids), began); err != nil {
					return wrap("note where passages began", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// firstMoves are those of passages of which it is not noted where they began, in their order.
func (q queries) firstMoves(ctx context.Context, id campaigns.CampaignID, after campaigns.EnrollmentID) ([]firstMove, error) {
	moves, err := many(ctx, q.run, func(r rows) (m firstMove, err error) {
		var data []byte
		if err = r.Scan(&m.enrollment, &data); err != nil {
			return m, err
		}
		var told struct{ From int }
		err = json.Unmarshal(data, &told)
		m.from = told.From
		return m, err
	}, `SELECT v.enrollment_id, v.data FROM events v JOIN enrollments e ON e.id = v.enrollment_id
		WHERE v.name = 'enrollment.moved' AND v.campaign_id = $1 AND v.enrollment_id > $2 AND v.step <> '' AND e.began_in = 0 AND NOT EXISTS (
			SELECT 1 FROM events o WHERE o.name = 'enrollment.moved' AND o.campaign_id = $1 AND o.enrollment_id = v.enrollment_id AND o.step <> '' AND o.id < v.id)
		ORDER BY v.enrollment_id LIMIT $3`, id, after, beganRowsAtOnce)
	return moves, wrap("look for first moves", err)
}
