package api

import (
	"context"
	"net/http"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/engine"
)

func (s *server) publicationOperations() {
	add(s, operation{
		id: "get-publication", method: http.MethodGet, path: "/v1/campaigns/{key}/publication", tag: "Campaigns", scope: engine.CampaignsRead,
		summary: "Look at what publishing the draft would do", errors: []int{http.StatusNotFound},
		doc: "What changed since the newest version, how many members stand at which step of which version and where each would go on if they were moved, and which texts lag behind in a language. Changes nothing.",
	}, s.getPublication)
	add(s, operation{
		id: "publish-campaign", method: http.MethodPost, path: "/v1/campaigns/{key}/publication", tag: "Campaigns", scope: engine.CampaignsWrite,
		summary: "Publish the draft as the next version", status: http.StatusCreated, once: true, errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		doc: "Without a body, members inside finish the version that they entered; where only texts changed, they get the corrected ones with their next message. " +
			"With If-Match the draft is published only while its revision is that one.", loose: true,
	}, s.publish)
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
	how := engine.Publishing{Revision: rev}
	if b := in.Body; b != nil {
		how.Inside, how.Moves, how.AcceptOutdated, how.AcceptMissing = b.Inside, b.Moves, b.OutdatedTexts != "", b.MissingTexts != ""
	}
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
	v := publicationView{
		Version: pub.Version, DraftRevision: pub.Campaign.DraftRev, Difference: []string{}, TextsOnly: pub.Texts, InsideN: pub.Count(),
		Inside: []standingView{}, Untold: []string{}, Unset: append([]string{}, pub.Unset...), Lost: viewLost(pub.Lost), ScheduleOver: pub.Over, Outdated: viewTexts(pub.Outdated()), Missing: viewTexts(pub.Missing()),
	}
	if pub.Difference != nil {
		v.Difference = append(v.Difference, pub.Difference.Lines(requestOf(ctx).lang)...)
	}
	for _, id := range pub.Untold {
		v.Untold = append(v.Untold, string(id))
	}
	for _, st := range pub.Inside {
		v.Inside = append(v.Inside, standingView{st.Version, st.Step, st.N, st.Place, st.Unread})
	}
	return &publicationViewReply{ETag: revision(pub.Campaign), Body: v}, nil
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
