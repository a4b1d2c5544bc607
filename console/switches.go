package console

import (
	"net/http"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/reports"
)

// action is a button that does something at once, or once the box beside it is ticked, where there is one.
type action struct {
	Href, Verb string
	Sure       string // the box's label
}

// stopped lists what is stopped, as what needs a person. may: the reader may let it go on.
func stopped(f look.Frame, switches []engine.Switch, may bool) []need {
	var out []need
	for _, s := range switches {
		if !s.On() {
			continue
		}
		n := need{Mark: "stop", Icon: "warning", Title: s.Title(f.Lang), Text: s.Sentence(f.Lang) + " " + f.T("switch.waits")}
		switch {
		case s.Campaign != nil: // its page says what can be done
			n.Href, n.Verb = "/console/campaigns/"+string(s.Campaign.Key), f.T("console.need.look")
		case may:
			n.Action = "/console/switches/" + s.Scope + "/release"
			n.Verb = f.T("switch.release")
		}
		out = append(out, n)
	}
	return out
}

// tripped are the campaigns that the switch has stopped.
func tripped(switches []engine.Switch) map[campaigns.Key]bool {
	out := map[campaigns.Key]bool{}
	for _, s := range switches {
		if s.On() && s.Campaign != nil {
			out[s.Campaign.Key] = true
		}
	}
	return out
}

// stops are the switches that can be tripped: all that are not.
func stops(f look.Frame, switches []engine.Switch) []action {
	on := map[string]bool{}
	for _, s := range switches {
		on[s.Scope] = s.On()
	}
	var out []action
	for _, scope := range engine.SwitchScopes() {
		if !on[scope] {
			out = append(out, action{Href: "/console/switches/" + scope + "/trip", Verb: f.T("switch.stop." + scope)})
		}
	}
	return out
}

// stand adds to a campaign's head what stops its messages, and the button that pauses, resumes or archives it.
func (r *request) stand(f look.Frame, h *head, c reports.CampaignHead) error {
	if c.State == campaigns.Running || c.State == campaigns.Paused {
		switches, err := r.k.o.Engine.Switches(r.Request.Context(), r.who)
		if err != nil {
			return err
		}
		for _, s := range switches {
			switch {
			case !s.On() || h.Why != "":
			case s.Campaign == nil && c.State == campaigns.Running: // everything, or a channel: everything comes first
				h.Why = s.Title(f.Lang) + ". " + f.T("switch.waits")
			case s.Campaign != nil && s.Campaign.Key == c.Key:
				h.Why = s.Sentence(f.Lang) + " " + f.T("switch.waits")
			}
		}
	}
	if r.who.Require(engine.CampaignsWrite) != nil {
		return nil
	}
	base := "/console/campaigns/" + string(c.Key)
	switch c.State {
	case campaigns.Running, campaigns.Scheduled:
		h.Turn = &action{Href: base + "/pause", Verb: f.T("switch.pause")}
	case campaigns.Paused:
		h.Turn = &action{Href: base + "/resume", Verb: f.T("switch.resume")}
	case campaigns.Finished:
		h.Turn = &action{base + "/archive", f.T("console.archive"), f.T("console.archive.sure")}
	}
	return nil
}

func (r *request) pause() error {
	c, err := r.k.o.Engine.Pause(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	return r.toCampaign(c, err)
}

func (r *request) resume() error {
	c, err := r.k.o.Engine.Resume(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	return r.toCampaign(c, err)
}

// sure refuses what cannot be undone while the box beside its button is not ticked.
func (r *request) sure() error {
	if r.PostForm("sure") != "yes" {
		return fault.New(fault.Invalid, "invalid.unsure", nil)
	}
	return nil
}

func (r *request) archive() error {
	if err := r.sure(); err != nil {
		return err
	}
	c, err := r.k.o.Engine.Archive(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	return r.toCampaign(c, err)
}

// end finishes the campaign for everybody inside. Then it can be archived.
func (r *request) end() error {
	if err := r.sure(); err != nil {
		return err
	}
	c, err := r.k.o.Engine.End(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	return r.toCampaign(c, err)
}

// leaves is how a campaign is put away that has not finished: one that goes on is ended first, and a draft is archived. Nil: it has finished.
func (p *publishPage) leaves(c reports.CampaignHead) *action {
	base := "/console/campaigns/" + string(c.Key)
	switch c.State {
	case campaigns.Draft:
		return &action{base + "/archive", p.T("console.archive"), p.T("console.archive.sure")}
	case campaigns.Running, campaigns.Paused, campaigns.Scheduled:
		if c.Inside == 0 {
			return &action{base + "/end", p.T("console.end"), p.T("console.end.sure_nobody")}
		}
		return &action{base + "/end", p.T("console.end"), p.T("console.end.sure", "n", c.Inside)}
	}
	return nil
}

// clone copies the campaign; a copy that is refused is asked for again, with what was typed.
func (r *request) clone() error {
	key, name := campaigns.Key(strings.TrimSpace(r.PostForm("key"))), strings.TrimSpace(r.PostForm("name"))
	c, err := r.k.o.Engine.CloneCampaign(r.Request.Context(), r.who, campaigns.Key(r.Param("key")), key, name)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Invalid) {
		return r.publishPage(statusOf(kind), engine.Publishing{}, err)
	}
	return r.toCampaign(c, err)
}

func (r *request) toCampaign(c *engine.Campaign, err error) error {
	if err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, "/console/campaigns/"+string(c.Key))
	return nil
}

func (r *request) trip() error {
	return r.toToday(r.k.o.Engine.Trip(r.Request.Context(), r.who, r.Param("scope")))
}

func (r *request) release() error {
	return r.toToday(r.k.o.Engine.Release(r.Request.Context(), r.who, r.Param("scope")))
}

func (r *request) toToday(err error) error {
	if err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, "/console")
	return nil
}
