// Package console is the coordinators' web console: what needs a person, how campaigns stand and why, who the members are. It decodes, asks the reports
// or the engine once or twice, and draws.
package console

import (
	"errors"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

// Options is what the console is made of.
type Options struct {
	Engine  *engine.Engine
	Reports *reports.Reports
	Look    *look.Look
	Log     *slog.Logger
	// Now is the clock; nil is the real one. The demo's is virtual.
	Now func() time.Time
	// Open makes everybody the operator: for the demo, whose address is nobody else's.
	Open bool
	// Secure marks the session's cookie: the console is reached over https.
	Secure bool
	// Starters are campaigns that are ready to be taken as drafts.
	Starters []Starter
	// SurveyPage writes the page behind a mail, as members see it.
	SurveyPage func(io.Writer, *engine.SurveyPage) error
	// Pace is how long a wrong token waits for its answer (default 1 s).
	Pace time.Duration
}

// Starter is a campaign that is ready to be taken as a draft. Its name is locale key "starter.<key>".
type Starter struct{ Key, Kind, Source string }

// Console draws pages. It keeps no state.
type Console struct {
	o     Options
	pages *template.Template
	pace  chan struct{}
}

// New makes a console.
func New(o Options) (*Console, error) {
	if o.Engine == nil || o.Reports == nil || o.Look == nil || o.SurveyPage == nil {
		return nil, errors.New("make console: no engine, no reports, no look or no survey page")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pace <= 0 {
		o.Pace = time.Second
	}
	return &Console{o: o, pages: parsePages(), pace: make(chan struct{}, 1)}, nil
}

// Access is who may call a route.
type Access struct {
	// Public needs no sign-in.
	Public bool
	// Scope is what the token must have.
	Scope engine.Scope
	// Most bounds what the form may send, in bytes; 0: maxForm.
	Most int64
}

type route struct {
	method, path string
	access       Access
	handle       func(*request) error
}

func (k *Console) routes() []route {
	campaigns, members, answers := Access{Scope: engine.CampaignsRead}, Access{Scope: engine.MembersRead}, Access{Scope: engine.ResponsesRead}
	return []route{
		{"GET", "/", Access{Public: true}, (*request).home},
		{"GET", "/console/sign-in", Access{Public: true}, (*request).signInPage},
		{"POST", "/console/sign-in", Access{Public: true}, (*request).signIn},
		{"POST", "/console/sign-out", Access{Public: true}, (*request).signOut},
		{"GET", "/console", campaigns, (*request).today},
		{"GET", campaignsPath, campaigns, (*request).campaigns},
		{"POST", campaignsPath, Access{Scope: engine.CampaignsWrite, Most: maxDraft}, (*request).createDraft},
		{"GET", newCampaignPath, Access{Scope: engine.CampaignsWrite}, (*request).newCampaign},
		{"GET", campaignsPath + "/:key/edit", campaigns, (*request).editDraft},
		{"POST", campaignsPath + "/:key/edit", Access{Scope: engine.CampaignsWrite, Most: maxDraft}, (*request).putDraft},
		{"POST", "/console/starters/:key", Access{Scope: engine.CampaignsWrite}, (*request).takeStarter},
		{"GET", "/console/campaigns/:key", campaigns, (*request).steps},
		{"POST", "/console/campaigns/:key/pause", Access{Scope: engine.CampaignsWrite}, (*request).pause},
		{"POST", "/console/campaigns/:key/resume", Access{Scope: engine.CampaignsWrite}, (*request).resume},
		{"POST", "/console/campaigns/:key/archive", Access{Scope: engine.CampaignsWrite}, (*request).archive},
		{"POST", "/console/campaigns/:key/end", Access{Scope: engine.CampaignsWrite}, (*request).end},
		{"POST", "/console/campaigns/:key/copy", Access{Scope: engine.CampaignsWrite}, (*request).clone},
		{"POST", "/console/switches/:scope/trip", Access{Scope: engine.CampaignsWrite}, (*request).trip},
		{"POST", "/console/switches/:scope/release", Access{Scope: engine.CampaignsWrite}, (*request).release},
		{"GET", "/console/campaigns/:key/answers", campaigns, (*request).answers},
		{"GET", "/console/campaigns/:key/answers.csv", answers, (*request).answersCSV},
		{"GET", "/console/campaigns/:key/standings", campaigns, (*request).standings},
		{"GET", "/console/campaigns/:key/members", campaigns, (*request).inside},
		{"GET", "/console/campaigns/:key/texts", campaigns, (*request).texts},
		{"POST", "/console/campaigns/:key/texts", Access{Scope: engine.CampaignsWrite}, (*request).confirmText},
		{"GET", "/console/campaigns/:key/publish", campaigns, (*request).publishForm},
		{"POST", "/console/campaigns/:key/publish", Access{Scope: engine.CampaignsWrite}, (*request).publish},
		{"GET", "/console/campaigns/:key/preview", campaigns, (*request).preview},
		{"POST", "/console/campaigns/:key/preview", campaigns, (*request).previewAs}, // what was typed does not belong in addresses
		{"GET", "/console/campaigns/:key/preview/mail", campaigns, (*request).previewMail},
		{"GET", "/console/campaigns/:key/preview/page", campaigns, (*request).previewPage},
		{"GET", "/console/members", members, (*request).members},
		{"POST", "/console/members", members, (*request).members}, // a search: names do not belong in addresses
		{"GET", "/console/members/:id", members, (*request).member},
		{"POST", "/console/members/:id/enrollments", Access{Scope: engine.CampaignsWrite}, (*request).enrollMember},
		{"POST", "/console/members/:id/enrollments/:run/withdrawal", Access{Scope: engine.CampaignsWrite}, (*request).withdrawMember},
		{"GET", "/console/members/:id/why", members, (*request).whyWhich},
		{"GET", "/console/members/:id/why/:key", members, (*request).why},
		{"GET", budgetPath, Access{Scope: engine.SettingsRead}, (*request).budget},
		{"POST", budgetPath, Access{Scope: engine.SettingsWrite}, (*request).putBudget},
		{"GET", segmentsPath, campaigns, (*request).segments},
		{"POST", segmentsPath, Access{Scope: engine.CampaignsWrite}, (*request).createSegment},
		{"GET", newSegmentPath, Access{Scope: engine.CampaignsWrite}, (*request).newSegment},
		{"GET", segmentsPath + "/:key", campaigns, (*request).segment},
		{"POST", segmentsPath + "/:key", Access{Scope: engine.CampaignsWrite}, (*request).putSegment},
		{"GET", segmentsPath + "/:key/edit", Access{Scope: engine.CampaignsWrite}, (*request).editSegment},
		{"POST", segmentsPath + "/:key/delete", Access{Scope: engine.CampaignsWrite}, (*request).deleteSegment},
		{"GET", "/console/messages", members, (*request).messages},
		{"POST", "/console/messages/:id", Access{Scope: engine.MembersWrite}, (*request).closeMessage},
		{"GET", lettersPath, members, (*request).deadLetters},
		{"POST", lettersPath, Access{Scope: engine.MembersWrite}, (*request).retryLetters},
		{"POST", lettersPath + "/:id", Access{Scope: engine.MembersWrite}, (*request).retryLetter},
		{"POST", "/console/failed-messages", Access{Scope: engine.CampaignsWrite}, (*request).sendAgain},
		{"POST", "/console/failed-notices", Access{Scope: engine.CampaignsWrite}, (*request).tellAgain},
		{"POST", "/console/failed-calls", Access{Scope: engine.CampaignsWrite}, (*request).callAgain},
		{"GET", "/console/media/:id", answers, (*request).media},
		{"GET", "/console/live/today", campaigns, (*request).liveToday},
		{"GET", "/console/live/dead-letters", members, (*request).liveLetters},
		{"GET", "/console/live/campaigns/:key/:view", campaigns, (*request).liveCampaign},
		{"GET", "/console/live/members/:id", members, (*request).liveMember},
	}
}

// Table is the access of every route that Mount registers, by method and path.
func (k *Console) Table() map[string]Access {
	table := map[string]Access{}
	for _, r := range k.routes() {
		table[r.method+" "+r.path] = r.access
		if r.method == http.MethodGet {
			table[http.MethodHead+" "+r.path] = r.access
		}
	}
	for _, name := range look.RouteNames() {
		table[name] = Access{Public: true}
	}
	return table
}

// Mount registers the console and the look's assets.
func (k *Console) Mount(r gin.IRouter) {
	k.o.Look.Routes(r)
	for _, route := range k.routes() {
		h := k.handler(route)
		r.Handle(route.method, route.path, h)
		if route.method == http.MethodGet {
			r.Handle(http.MethodHead, route.path, h)
		}
	}
}
