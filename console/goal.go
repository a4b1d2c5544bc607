package console

import (
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// goalPanel says what the campaign brings.
type goalPanel struct {
	Goal   string // what it is
	Groups []goalBar
	Text   string
}

// goalBar is one of the groups, or the only one.
type goalBar struct {
	Name, N, Of, Percent string
	Fill                 float64
}

func (b flowBuilder) goal(g *reports.GoalReport) *goalPanel {
	f := b.Frame
	if g == nil {
		return nil
	}
	p := &goalPanel{Goal: b.names.Goal(b.flow.Def.Goal), Text: g.Sentence}
	p.Groups = append(p.Groups, goalBarOf(f, f.T("goal.got"), g.Got))
	if g.HeldOut != nil {
		p.Groups = append(p.Groups, goalBarOf(f, f.T("goal.held"), *g.HeldOut))
	}
	return p
}

func goalBarOf(f look.Frame, name string, g reports.GoalGroup) goalBar {
	return goalBar{
		Name: name, N: f.N(g.Reached), Of: f.T("goal.of", "n", g.Members), Fill: 100 * g.Rate,
		Percent: f.T("goal.percent", "percent", locale.Number(f.Lang, float64(int(1000*g.Rate+0.5))/10)),
	}
}
