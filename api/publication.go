package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

func (s *server) publicationOperations() {
	add(s, operation{
		id: "get-publication", method: http.MethodGet, path: "/v1/campaigns/{key}/publication", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Look at what publishing the draft would do", errors: []int{http.StatusNotFound},
		doc: "What changed since the newest version, how many members stand at which step of which version and where each would go on if they were moved, which texts lag behind in a language, and when its audience comes in. Changes nothing.",
	}, s.getPublication)
	add(s, operation{
		id: "publish-campaign", method: http.MethodPost, path: "/v1/campaigns/{key}/publication", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Publish the draft as the next version", status: http.StatusCreated, once: true, errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		doc: "Without a body, members inside finish the version that they entered; where only texts changed, they get the corrected ones with their next message. " +
			"With If-Match the draft is published only while its revision is that one.", loose: true,
	}, s.publish)
	add(s, operation{
		id: "check-publication", method: http.MethodPost, path: "/v1/campaigns/{key}/publication-checks", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Look at what publishing a text would do", errors: []int{http.StatusNotFound},
		doc: "As get-publication, of a text that is not the draft yet and with the choices that publish-campaign takes: refusals say what it would refuse. The campaign need not be there. Changes nothing.",
	}, s.checkPublication)
	add(s, operation{
		id: "get-texts", method: http.MethodGet, path: "/v1/campaigns/{key}/texts", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "List the draft's texts, language beside language", errors: []int{http.StatusNotFound},
		doc: "A text is outdated in a language while another language's was changed in a later version, or in the draft, than its own. Publishing it all the same does not change that: " +
			"it is outdated until it is changed itself, or somebody says that it is right as it is (text-confirmations).",
	}, s.getTexts)
	add(s, operation{
		id: "confirm-text", method: http.MethodPost, path: "/v1/campaigns/{key}/text-confirmations", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Say that a text of the draft is right as it is", errors: []int{http.StatusNotFound, http.StatusPreconditionFailed},
		doc: "The text in the language is not outdated any more beside what it stands beside now. As soon as one of the others is changed, it is again. With If-Match only while the draft's revision is that one.",
	}, s.confirmText)
}

type publicationReply struct {
	Location string `header:"Location"`
	Body     publishedView
}

// publishedView is the version that a publication made.
type publishedView struct {
	versionView
	ScheduleOver bool `json:"schedule_over" doc:"All days of its recurring schedule are past: nobody comes in by it"`
}

type publishBody struct {
	Inside        engine.Inside                         `json:"inside,omitempty" enum:"stay,move,end" doc:"What becomes of those inside older versions: they finish theirs (stay, the default), go on in the new one at the step with the same id (move), or leave (end)"`
	Moves         map[campaigns.StepID]campaigns.StepID `json:"moves,omitempty" doc:"With move: where those go on who stand at a step, by its id. An empty text ends their passage. A step that the new version does not have needs one"`
	OutdatedTexts string                                `json:"outdated_texts,omitempty" enum:"accept" doc:"accept publishes although texts lag behind in a language; they stay outdated"`
	MissingTexts  string                                `json:"missing_texts,omitempty" enum:"accept" doc:"accept publishes although texts are missing in a language: members who read it get the campaign's first"`
	SchedulePast  string                                `json:"schedule_past,omitempty" enum:"accept" doc:"accept publishes although the one moment of its schedule is over an hour past, so that the whole audience comes in at once"`
	UnknownTopic  string                                `json:"unknown_topic,omitempty" enum:"accept" doc:"accept publishes although the community lists its topics and has no such one: members who agreed to all topics cannot turn it off in their settings"`
}

func (b *publishBody) publishing() engine.Publishing {
	return engine.Publishing{Inside: b.Inside, Moves: b.Moves, AcceptOutdated: b.OutdatedTexts != "", AcceptMissing: b.MissingTexts != "", AcceptPast: b.SchedulePast != "", AcceptTopic: b.UnknownTopic != ""}
}

type publishInput struct {
	KeyInput
	IfMatch string       `header:"If-Match" doc:"The ETag of the draft that was looked at"`
	Body    *publishBody `required:"false"`
}

func (s *server) publish(ctx context.Context, p engine.Principal, in *publishInput) (*publicationReply, error) {
	rev, err := readRevision(in.IfMatch, "conflict.draft")
	if err != nil {
		return nil, err
	}
	how := engine.Publishing{}
	if in.Body != nil {
		how = in.Body.publishing()
	}
	how.Revision = rev
	v, err := s.Engine.PublishAs(ctx, p, in.key(), how)
	if err != nil {
		return nil, err
	}
	return &publicationReply{Location: campaignURL(in.key()) + "/versions/" + itoa(v.Number), Body: publishedView{viewVersion(v.Version), v.Over}}, nil
}

// publicationView is what publishing would do.
type publicationView struct {
	Version       int            `json:"version" doc:"The version that it would be"`
	DraftRevision int64          `json:"draft_revision"`
	Difference    []string       `json:"difference" doc:"What changed since the newest version, for reading; empty when nothing did or nothing was published"`
	TextsOnly     bool           `json:"texts_only" doc:"Only texts changed: those who stay get the corrected ones"`
	InsideN       int            `json:"inside_n" doc:"How many members are inside"`
	Inside        []standingView `json:"inside" doc:"Where they stand"`
	Untold        []string       `json:"untold" doc:"Steps that tell the staff (notify), for which the service's settings name nobody, or nobody on one of their channels"`
	Unset         []string       `json:"unset_endpoints" doc:"Endpoints that steps call (call), and that the service's settings do not name: such calls fail"`
	Lost          []lostMedia    `json:"missing_media" doc:"Media files that steps send and that are not in the media folder: such messages fail in the chat"`
	ScheduleOver  bool           `json:"schedule_over" doc:"All days of the draft's recurring schedule are past: published as it is, nobody comes in by it"`
	UnknownTopic  bool           `json:"unknown_topic" doc:"The community lists its topics, and this one is not among them; publishing needs unknown_topic: accept"`
	PassesStop    bool           `json:"passes_stop" doc:"Its purpose is service: it reaches members who turned everything off, and needs no consent"`
	Moment        *momentView    `json:"moment" doc:"What becomes of its schedule for one moment; null: it has none"`
	Present       *presentView   `json:"present" doc:"What becomes of its entry by the present members of a segment; null: it has none"`
	Outdated      []textView     `json:"outdated" doc:"Texts that lag behind in a language"`
	Missing       []textView     `json:"missing" doc:"Texts that are missing in a language: members who read it get the campaign's first"`
}

type lostMedia struct {
	Step campaigns.StepID `json:"step"`
	File string           `json:"file"`
}

func viewLost(list []engine.LostMedia) []lostMedia {
	out := make([]lostMedia, len(list))
	for i, m := range list {
		out[i] = lostMedia(m)
	}
	return out
}

type momentView struct {
	At     timing.LocalDateTime    `json:"at"`
	Zone   definition.ScheduleZone `json:"zone" enum:"community,member" doc:"Whose clock shows it"`
	Opens  engine.Opens            `json:"opens" enum:"later,now,past,opened" doc:"later: when it comes. now: it has just come, and the audience comes in at once. past: over an hour ago, and the audience would come in at once; publishing needs schedule_past: accept. opened: an audience was taken in at this moment, or is being taken in, and publishing does not open it again; a correction reaches those inside. To send it again, give it another moment or copy the campaign"`
	Nobody bool                    `json:"nobody" doc:"The moment came, and nobody was in the audience or might enter: it opens as if it had not come"`
}

type presentView struct {
	Opens  engine.Opens `json:"opens" enum:"now,opened" doc:"now: whoever is in the segment when it is published comes in. opened: an older version took them in, or is at it, and publishing takes nobody in again, also when the campaign has finished; a correction reaches those inside. To take in who is there now, copy the campaign"`
	Nobody bool         `json:"nobody" doc:"An older version looked for them, and nobody came in"`
}

type standingView struct {
	Version  int               `json:"version"`
	Step     campaigns.StepID  `json:"step" doc:"Empty: before the first step"`
	N        int               `json:"n"`
	Place    *campaigns.StepID `json:"place" doc:"The step of the new version at which they would go on; empty: they begin with it, except who is held out: they stay; null: it has none, and moves must say where they go on"`
	Unmoving bool              `json:"unmoving" doc:"Their version cannot be read by this release: they stay in it whatever is chosen"`
}

type publicationViewReply struct {
	ETag string `header:"ETag"`
	Body publicationView
}

func (s *server) getPublication(ctx context.Context, p engine.Principal, in *KeyInput) (*publicationViewReply, error) {
	pub, err := s.Engine.Publication(ctx, p, in.key())
	if err != nil {
		return nil, err
	}
	return &publicationViewReply{ETag: revision(pub.Campaign), Body: viewPublication(pub, requestOf(ctx).lang)}, nil
}

func stepIDs(ids []campaigns.StepID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

func viewPublication(pub *engine.Publication, lang string) publicationView {
	v := publicationView{
		Version: pub.Version, DraftRevision: pub.Campaign.DraftRev, Difference: []string{}, TextsOnly: pub.Texts, InsideN: pub.Count(),
		UnknownTopic: pub.Strange, PassesStop: pub.Draft.Purpose == campaigns.Service,
		Inside: []standingView{}, Untold: stepIDs(pub.Untold), Unset: append([]string{}, pub.Unset...), Lost: viewLost(pub.Lost), ScheduleOver: pub.Over, Outdated: viewTexts(pub.Outdated()), Missing: viewTexts(pub.Missing()),
	}
	if pub.Difference != nil {
		v.Difference = append(v.Difference, pub.Difference.Lines(lang)...)
	}
	for _, st := range pub.Inside {
		v.Inside = append(v.Inside, standingView{st.Version, st.Step, st.N, st.Place, st.Unread})
	}
	if m := pub.Moment; m != nil {
		v.Moment = &momentView{m.At, m.Zone, m.Opens, m.Nobody}
	}
	if p := pub.Present; p != nil {
		v.Present = &presentView{p.Opens, p.Nobody}
	}
	return v
}

type publicationCheckInput struct {
	KeyInput
	Body struct {
		Inside        engine.Inside                         `json:"inside,omitempty" enum:"stay,move,end" doc:"As of publish-campaign"`
		Moves         map[campaigns.StepID]campaigns.StepID `json:"moves,omitempty" doc:"As of publish-campaign"`
		OutdatedTexts string                                `json:"outdated_texts,omitempty" enum:"accept" doc:"As of publish-campaign"`
		MissingTexts  string                                `json:"missing_texts,omitempty" enum:"accept" doc:"As of publish-campaign"`
		SchedulePast  string                                `json:"schedule_past,omitempty" enum:"accept" doc:"As of publish-campaign"`
		UnknownTopic  string                                `json:"unknown_topic,omitempty" enum:"accept" doc:"As of publish-campaign"`
		Definition    string                                `json:"definition" doc:"The text that would be the draft"`
		Format        definition.Format                     `json:"format" enum:"yaml,json"`
	}
}

type publicationCheckReply struct {
	Body struct {
		publicationView
		Refusals []publicationRefusal `json:"refusals" doc:"Why publishing it with these choices would be refused; empty: it would not"`
	}
}

type publicationRefusal struct {
	Code    string   `json:"code" doc:"As of the problem that publish-campaign would answer"`
	Message string   `json:"message"`
	Places  []string `json:"places" doc:"What it is about, for reading"`
}

func (s *server) checkPublication(ctx context.Context, p engine.Principal, in *publicationCheckInput) (*publicationCheckReply, error) {
	draft := engine.Draft{Source: in.Body.Definition, Format: in.Body.Format}
	how := publishBody{in.Body.Inside, in.Body.Moves, in.Body.OutdatedTexts, in.Body.MissingTexts, in.Body.SchedulePast, in.Body.UnknownTopic}
	pub, err := s.Engine.PublicationOf(ctx, p, in.key(), draft, how.publishing())
	if err != nil {
		return nil, err
	}
	lang, out := requestOf(ctx).lang, &publicationCheckReply{}
	out.Body.publicationView, out.Body.Refusals = viewPublication(pub, lang), []publicationRefusal{}
	for _, refused := range pub.Refusals {
		var f *fault.Error
		if !errors.As(refused, &f) {
			continue
		}
		r := publicationRefusal{Code: f.Key, Message: fault.Message(refused, lang), Places: []string{}}
		for _, d := range fault.Details(refused, lang) {
			r.Places = append(r.Places, d.Message)
		}
		out.Body.Refusals = append(out.Body.Refusals, r)
	}
	return out, nil
}

// textView is one text in the campaign's languages.
type textView struct {
	Step     campaigns.StepID `json:"step" doc:"Empty: of the campaign itself"`
	Path     string           `json:"path" doc:"Which text of it, such as text or options a1.text"`
	Wordings []wordingView    `json:"wordings"`
}

type wordingView struct {
	Language campaigns.Lang          `json:"language"`
	Text     string                  `json:"text"`
	State    difference.WordingState `json:"state" enum:"unchanged,changed,new,outdated,missing"`
}

func viewTexts(list []difference.Text) []textView {
	out := make([]textView, len(list))
	for i, t := range list {
		out[i] = textView{Step: t.Step, Path: t.Path, Wordings: make([]wordingView, len(t.Wordings))}
		for j, w := range t.Wordings {
			out[i].Wordings[j] = wordingView{w.Lang, w.Text, w.State}
		}
	}
	return out
}

type textsReply struct {
	ETag string `header:"ETag"`
	Body struct {
		Languages []campaigns.Lang `json:"languages" doc:"The first is the fallback"`
		Texts     []textView       `json:"texts"`
	}
}

func (s *server) getTexts(ctx context.Context, p engine.Principal, in *KeyInput) (*textsReply, error) {
	pub, err := s.Engine.Publication(ctx, p, in.key())
	if err != nil {
		return nil, err
	}
	out := &textsReply{ETag: revision(pub.Campaign)}
	out.Body.Languages, out.Body.Texts = pub.Draft.Languages, viewTexts(pub.Words)
	return out, nil
}

type confirmInput struct {
	KeyInput
	IfMatch string `header:"If-Match" doc:"The ETag of the draft that was looked at"`
	Body    struct {
		Step     campaigns.StepID `json:"step,omitempty" maxLength:"200" doc:"Empty: of the campaign itself"`
		Path     string           `json:"path" maxLength:"500" doc:"Which text of it, as texts are listed"`
		Language campaigns.Lang   `json:"language" maxLength:"35"`
	}
}

// confirmText answers with the texts as they are told then.
func (s *server) confirmText(ctx context.Context, p engine.Principal, in *confirmInput) (*textsReply, error) {
	rev, err := readRevision(in.IfMatch, "conflict.draft")
	if err != nil {
		return nil, err
	}
	if err := s.Engine.CallRight(ctx, p, in.key(), rev, engine.WordingAt{Step: in.Body.Step, Path: in.Body.Path, Lang: in.Body.Language}); err != nil {
		return nil, err
	}
	return s.getTexts(ctx, p, &in.KeyInput)
}
