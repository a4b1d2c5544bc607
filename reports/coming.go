package reports

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// addComing lists what goes on by itself within the next week: schedules, and members who wait for a time.
func (r *Reports) addComing(ctx context.Context, t *Today, _ string) error {
	var ids []campaigns.CampaignID
	lines := map[campaigns.CampaignID]CampaignLine{}
	for _, c := range t.Campaigns {
		lines[c.ID] = c
		if c.State == campaigns.Running || c.State == campaigns.Scheduled {
			ids = append(ids, c.ID)
		}
	}
	until := midnight(t.Now).AddDate(0, 0, comingDays+1)
	steps, err := r.store.Coming(ctx, ids, t.Now, until, 200)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if err := r.addComingStep(ctx, t, s, lines[s.Campaign]); err != nil {
			return err
		}
	}
	schedules, err := r.store.OpenSchedules(ctx)
	if err != nil {
		return err
	}
	for _, s := range schedules {
		if c, known := lines[s.Campaign]; known && s.DueAt.After(t.Now) && s.DueAt.Before(until) {
			t.Coming = append(t.Coming, ComingLine{At: s.DueAt.In(t.Now.Location()), Campaign: c.Key, Name: c.Name})
		}
	}
	slices.SortStableFunc(t.Coming, func(a, b ComingLine) int { return a.At.Compare(b.At) })
	t.Coming = t.Coming[:min(len(t.Coming), comingLines)]
	return nil
}

// addComingStep joins what the same step does on the same day in other zones.
func (r *Reports) addComingStep(ctx context.Context, t *Today, s store.ComingStep, c CampaignLine) error {
	line := ComingLine{At: s.At.In(t.Now.Location()), Campaign: c.Key, Name: c.Name, N: s.N}
	def, err := r.version(ctx, s.Campaign, s.Version)
	if err != nil {
		return err
	}
	if def != nil {
		line.Def, line.Step = def, def.Step(s.Step)
	}
	for i, other := range t.Coming {
		if other.Campaign == line.Campaign && other.Step == line.Step && sameDay(other.At, line.At) {
			t.Coming[i].N += line.N
			t.Coming[i].Spread = true
			return nil
		}
	}
	t.Coming = append(t.Coming, line)
	return nil
}

func sameDay(a, b time.Time) bool { return midnight(a).Equal(midnight(b)) }
