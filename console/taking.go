package console

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
)

// takingPart is what a coordinator does about a member's passages by hand.
type takingPart struct {
	Enroll    string // where the form goes
	Campaigns []stepChoice
	Key       string // that was typed
	Data      string // that was typed; shown where ByEvent
	ByEvent   bool   // one of the campaigns begins by an event
	Runs      []runningView
}

// runningView is a passage that can be ended.
type runningView struct{ Name, Withdraw, Campaign, Sure string }

// takingPart lists the campaigns that take the member in, and the passages that the member can be taken out of.
func (r *request) takingPart(p *memberPage, m *reports.Member) error {
	if r.who.Require(engine.CampaignsWrite) != nil || m.State == members.Erased {
		return nil
	}
	lines, err := r.k.o.Reports.Campaigns(r.Request.Context(), r.who, r.lang)
	if err != nil {
		return err
	}
	base := "/console/members/" + idText(m.ID)
	out := &takingPart{Enroll: base + "/enrollments", Key: r.PostForm("key"), Data: r.PostForm("data")}
	for _, c := range lines {
		if c.State == campaigns.Running || c.State == campaigns.Paused {
			out.Campaigns = append(out.Campaigns, stepChoice{string(c.Key), c.Name, r.PostForm("campaign") == string(c.Key)})
			out.ByEvent = out.ByEvent || c.ByEvent()
		}
	}
	for _, run := range m.Runs {
		if !run.State.Final() {
			out.Runs = append(out.Runs, runningOf(p.Frame, run, base))
		}
	}
	p.Taking = out
	return nil
}

func runningOf(f look.Frame, run reports.MemberRun, base string) runningView {
	v := runningView{Name: run.Head.Name, Withdraw: base + "/enrollments/" + idText(run.ID) + "/withdrawal", Campaign: string(run.Head.Key), Sure: f.T("console.taking.sure", "campaign", run.Head.Name)}
	if key := about(f, run.RunKey); key != "" {
		v.Name += " · " + key
	}
	return v
}

// enrollMember takes the member into a campaign; a refusal is told on the member's page, with what was typed.
func (r *request) enrollMember() error {
	id, err := number(r.Param("id"), "member")
	if err != nil {
		return err
	}
	who := engine.Enrolling{Members: []campaigns.MemberID{campaigns.MemberID(id)}, Key: strings.TrimSpace(r.PostForm("key"))}
	var results []engine.EnrollResult
	if who.Data, err = typedData(r.PostForm("data")); err == nil {
		results, err = r.k.o.Engine.EnrollAs(r.Request.Context(), r.who, campaigns.Key(r.PostForm("campaign")), who)
	}
	switch kind := fault.KindOf(err); {
	case err != nil && (kind == fault.Conflict || kind == fault.Invalid || kind == fault.NotFound):
		return r.memberPage(statusOf(kind), fault.Message(err, r.lang))
	case err != nil:
		return err
	case results[0].Result != engine.Enrolled:
		return r.memberPage(http.StatusConflict, r.k.o.Reports.Admission(r.lang, results[0]))
	}
	return r.toMember(id)
}

// plainNumber is one that is shown as it was typed: 9.90 and 007 are texts.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$`)

// typedData is an event's data as a person types it: a field and its value on each line. Numbers, true and false are that, unless they stand in quotes; all else is text.
func typedData(typed string) (json.RawMessage, error) {
	data := map[string]any{}
	for i, line := range strings.Split(typed, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if _, twice := data[name]; !ok || twice || name == "" {
			return nil, fault.New(fault.Invalid, "invalid.data_line", map[string]any{"line": i + 1})
		}
		data[name] = value
		if plainNumber.MatchString(value) || value == "true" || value == "false" || strings.HasPrefix(value, `"`) && json.Valid([]byte(value)) {
			data[name] = json.RawMessage(value)
		}
	}
	if len(data) == 0 {
		return nil, nil
	}
	return json.Marshal(data)
}

// withdrawMember takes the member out of one passage.
func (r *request) withdrawMember() error {
	if err := r.sure(); err != nil {
		return err
	}
	id, err := number(r.Param("id"), "member")
	if err != nil {
		return err
	}
	run, err := number(r.Param("run"), "enrollment")
	if err != nil {
		return err
	}
	if _, err := r.k.o.Engine.Withdraw(r.Request.Context(), r.who, campaigns.Key(r.PostForm("campaign")), campaigns.EnrollmentID(run)); err != nil {
		return err
	}
	return r.toMember(id)
}

func (r *request) toMember(id int64) error {
	r.Redirect(http.StatusSeeOther, "/console/members/"+idText(campaigns.MemberID(id)))
	return nil
}
