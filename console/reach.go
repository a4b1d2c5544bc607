package console

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
)

// ways is how both channels reach a member.
type ways struct{ telegram, email reports.Way }

func waysOf(p *engine.Profile) ways {
	return ways{reports.WayOf(p, campaigns.Telegram), reports.WayOf(p, campaigns.Email)}
}

// avatarOf draws how a member is reached, and says it to those who listen.
func avatarOf(f look.Frame, first, last string, w ways) look.Avatar {
	return look.Avatar{Initials: look.Initials(members.Shown(first), members.Shown(last)), Label: reachWords(f, w), Telegram: reachOf(w.telegram), Email: reachOf(w.email)}
}

func reachOf(w reports.Way) look.Reach {
	switch {
	case w == reports.Arrives:
		return look.Arrives
	case w.Fails():
		return look.Fails
	}
	return look.Off
}

// reachWords is one sentence: how reachable the member is.
func reachWords(f look.Frame, w ways) string {
	if w.telegram == reports.Stopped || w.email == reports.Stopped {
		return f.T("console.reach.stopped")
	}
	if w.telegram == reports.NoAddress && w.email == reports.NoAddress {
		return f.T("console.reach.nowhere")
	}
	return f.T("console.reach.telegram."+string(w.telegram)) + " " + f.T("console.reach.email."+string(w.email))
}
