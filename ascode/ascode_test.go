package ascode_test

import (
	"bytes"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/api"
	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/email"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files")

// world is a service with the real API on a database of its own, and a folder of campaign files.
type world struct {
	t      *testing.T
	engine *engine.Engine
	url    string
	dir    string
	calls  []string // method and path of what changes something
	before func(*http.Request)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	s := storetest.SQLite(t)
	e, err := engine.New(engine.Options{Store: s, Secret: []byte("0123456789abcdef0123456789abcdef"), Mailbox: email.Address})
	w.must(err)
	t.Cleanup(e.Close)
	w.engine = e
	h, err := api.New(api.Options{Engine: e, Reports: reports.New(s, nil)})
	w.must(err)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.URL.Path != "/v1/checks" && r.URL.Path != "/v1/segment-checks" && !strings.HasSuffix(r.URL.Path, "/publication-checks") {
			w.calls = append(w.calls, r.Method+" "+r.URL.Path)
		}
		if w.before != nil {
			w.before(r)
		}
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	_, err = e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{TimeZone: new("Europe/Berlin"), Topics: []string{"news"}})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) service(lang string, scopes ...engine.Scope) *ascode.Service {
	w.t.Helper()
	token, err := w.engine.CreateToken(w.t.Context(), engine.Operator, "code", scopes)
	w.must(err)
	s, err := ascode.Connect(w.url, token, lang)
	w.must(err)
	return s
}

func (w *world) writer(lang string) *ascode.Service {
	return w.service(lang, engine.CampaignsRead, engine.CampaignsWrite)
}

// write makes a file with the content and returns its path.
func (w *world) write(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	w.must(os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (w *world) files(paths ...string) []*ascode.File {
	w.t.Helper()
	files, err := ascode.ReadFiles(paths, "en")
	w.must(err)
	return files
}

func (w *world) plan(s *ascode.Service, publish bool, paths ...string) *ascode.Plan {
	w.t.Helper()
	p, err := s.Plan(w.t.Context(), w.files(paths...), publish)
	w.must(err)
	return p
}

// apply applies and returns what was told.
func (w *world) apply(s *ascode.Service, p *ascode.Plan) (string, error) {
	var lines []string
	err := s.Apply(w.t.Context(), p, func(line string) { lines = append(lines, line) })
	return strings.Join(lines, "\n"), err
}

func (w *world) draft(key string) string {
	w.t.Helper()
	c, err := w.engine.Campaign(w.t.Context(), engine.Operator, campaigns.Key(key))
	w.must(err)
	return c.Draft
}

func (w *world) said(p *ascode.Plan, lang string) string {
	w.t.Helper()
	var b bytes.Buffer
	w.must(p.Write(&b, lang))
	return strings.ReplaceAll(b.String(), w.dir+string(filepath.Separator), "")
}

func campaign(key, text string) string {
	return "# " + key + "\nkey: " + key + "\nkind: survey\nname: {en: The " + key + ", ru: Кампания " + key + "}\ntopic: news\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\n" +
		"steps:\n  - id: hello\n    send: {text: {en: " + text + ", ru: Привет}}\n  - wait: 1d\n  - id: bye\n    send: {text: {en: Bye, ru: Пока}} # the end\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}

// TestPlanAndApply: what a plan says is done and nothing else; then there is nothing left to do, and the export is the file, byte for byte.
func TestPlanAndApply(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	a, b, c := w.write("a.yaml", campaign("a", "Hello")), w.write("b.yaml", campaign("b", "Hello")), w.write("c.yaml", campaign("c", "Hello"))
	told, err := w.apply(s, w.plan(s, false, a, b))
	w.must(err)
	if told != "a: the draft is saved\nb: the draft is saved" {
		t.Error(told)
	}
	if p := w.plan(s, false, a, b); !p.Empty() {
		t.Errorf("something is left: %s", w.said(p, "en"))
	}
	_, err = w.apply(s, w.plan(s, true, a))
	w.must(err)
	for _, id := range []string{"m1", "m2", "m3"} {
		_, err := w.engine.CreateMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: id, Email: new(id + "@a.example")})
		w.must(err)
	}
	results, err := w.engine.Enroll(t.Context(), engine.Operator, "a", []string{"m1", "m2", "m3"})
	w.must(err)
	for _, r := range results {
		if r.Result != engine.Enrolled {
			t.Errorf("%s: %s", r.ExternalID, r.Result)
		}
	}
	w.must(w.engine.FoldCounters(t.Context()))
	w.write("a.yaml", strings.Replace(campaign("a", "Good day"), "  - wait: 1d\n", "", 1))
	w.calls = nil
	p := w.plan(s, true, a, b, c)
	if len(w.calls) > 0 {
		t.Errorf("a plan did %v", w.calls)
	}
	golden(t, "plan", w.said(p, "en")+"\n"+w.said(p, "ru"))
	if _, err := w.apply(s, p); err == nil || !strings.Contains(err.Error(), "--accept-outdated") || len(w.calls) > 0 {
		t.Errorf("%v, did %v", err, w.calls)
	}
	s.Choose(ascode.Choice{Inside: "move", OutdatedTexts: "accept"})
	if said := w.said(w.plan(s, true, a), "en"); !strings.Contains(said, "go on in the new version") {
		t.Error(said)
	}
	told, err = w.apply(s, p)
	w.must(err)
	golden(t, "apply", told+"\n")
	w.write("a.yaml", strings.Replace(campaign("a", "Good day"), "  - wait: 1d\n", "  - wait: 2d\n", 1))
	if said := w.said(w.plan(s, true, a), "en"); !strings.Contains(said, "changed in one language and not in these: ") {
		t.Errorf("a yes is forgotten: %s", said)
	}
	w.write("a.yaml", strings.Replace(campaign("a", "Good day"), "  - wait: 1d\n", "", 1))
	if w.draft("a") != string(w.files(a)[0].Source) || !w.plan(s, true, a, b, c).Empty() {
		t.Error("not all was done")
	}
	w.exported(s, a, b, c)
}

// exported compares an export of everything with the files.
func (w *world) exported(s *ascode.Service, paths ...string) {
	w.t.Helper()
	out := filepath.Join(w.t.TempDir(), "out")
	w.must(s.Export(w.t.Context(), out, nil, false, func(string, ascode.Written) {}))
	for _, path := range paths {
		want, err := os.ReadFile(path)
		w.must(err)
		got, err := os.ReadFile(filepath.Join(out, filepath.Base(path)))
		w.must(err)
		if !bytes.Equal(got, want) {
			w.t.Errorf("%s came back as %q", path, got)
		}
	}
}

// TestPlanSaysHowItRecurs: when the audience comes in stands with the publication.
func TestPlanSaysHowItRecurs(t *testing.T) {
	w := newWorld(t)
	weekly := strings.Replace(campaign("weekly", "Hi"), "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, every: week}}`, 1)
	said := w.said(w.plan(w.writer("en"), true, w.write("weekly.yaml", weekly)), "en")
	if !strings.Contains(said, "and takes its audience in every Monday at 10:00, each member’s own time") || strings.Contains(said, "nothing is left") {
		t.Error(said)
	}
	over := strings.Replace(weekly, "2027-03-01 10:00\", zone: member, audience: all, every: week", "2020-03-02 10:00\", zone: member, audience: all, every: week, times: 2", 1)
	if said := w.said(w.plan(w.writer("en"), true, w.write("weekly.yaml", over)), "en"); !strings.Contains(said, "! but nothing is left of that schedule") {
		t.Error(said)
	}
}

// TestPublishAgainstWhatIsLive: where the draft was saved before, the plan shows the way from the version that members get.
func TestPublishAgainstWhatIsLive(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	a := w.write("a.yaml", campaign("a", "Hello"))
	_, err := w.apply(s, w.plan(s, true, a))
	w.must(err)
	w.write("a.yaml", campaign("a", "Good day"))
	_, err = w.apply(s, w.plan(s, false, a))
	w.must(err)
	golden(t, "live", w.said(w.plan(s, true, a), "en"))
	_, err = w.engine.End(t.Context(), engine.Operator, "a")
	w.must(err)
	if said := w.said(w.plan(s, true, a), "en"); !strings.Contains(said, "opens it again") {
		t.Error(said)
	}
	_, err = w.engine.Archive(t.Context(), engine.Operator, "a")
	w.must(err)
	if _, err := s.Plan(t.Context(), w.files(a), true); err == nil || !strings.Contains(err.Error(), "archived") {
		t.Errorf("an archived campaign: %v", err)
	}
}

// TestSomebodyElseWasFaster: nobody's draft is overwritten and nobody's draft is published unseen, at whatever moment it was saved.
func TestSomebodyElseWasFaster(t *testing.T) {
	theirs := campaign("a", "Theirs")
	for name, c := range map[string]struct {
		there bool   // before the plan
		when  string // the call before which they save; empty: before applying
	}{
		"changed before":              {true, ""},
		"made before":                 {false, ""},
		"changed at the last moment":  {true, "PUT /v1/campaigns/a/draft"},
		"made at the last moment":     {false, "POST /v1/campaigns"},
		"changed before publication":  {true, "POST /v1/campaigns/a/publication"},
		"changed after it was made":   {false, "POST /v1/campaigns/a/publication"},
		"changed where it is as ours": {true, "POST /v1/campaigns/a/publication same"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.writer("en")
			a := w.write("a.yaml", campaign("a", "Ours"))
			when, same := strings.CutSuffix(c.when, " same")
			if c.there {
				first := campaign("a", "First")
				if same {
					first = campaign("a", "Ours")
				}
				_, err := w.engine.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: first, Format: "yaml"})
				w.must(err)
			}
			p := w.plan(s, true, a)
			save := func() {
				d := engine.Draft{Source: theirs, Format: "yaml"}
				_, err := w.engine.PutDraft(t.Context(), engine.Operator, "a", 0, d)
				if fault.KindOf(err) == fault.NotFound {
					_, err = w.engine.CreateCampaign(t.Context(), engine.Operator, d)
				}
				w.must(err)
			}
			if when == "" {
				save()
			}
			w.before = func(r *http.Request) {
				if r.Method+" "+r.URL.Path == when {
					save()
				}
			}
			_, err := w.apply(s, p)
			if err == nil || !strings.Contains(err.Error(), "Somebody else changed") {
				t.Errorf("told: %v", err)
			}
			if w.draft("a") != theirs {
				t.Error("their draft is gone")
			}
			if vs, err := w.engine.Versions(t.Context(), engine.Operator, "a"); err != nil || len(vs) > 0 {
				t.Errorf("%d versions were published, %v", len(vs), err)
			}
		})
	}
}

// TestProblemsChangeNothing: one bad file of two, found here or by the service alone.
func TestProblemsChangeNothing(t *testing.T) {
	w := newWorld(t)
	good, bad := w.write("good.yaml", campaign("good", "Hello")), w.write("bad.yaml", strings.Replace(campaign("bad", "Hello"), "wait:", "wiat:", 1))
	var found *ascode.BadFiles
	if _, err := ascode.ReadFiles([]string{good, bad}, "ru"); !errors.As(err, &found) || len(found.Lines) != 1 || !strings.HasPrefix(found.Lines[0], bad+":12:5: ") || !strings.Contains(found.Lines[0], "имелось в виду wait") {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := ascode.ReadFiles([]string{good, w.write("twice.yaml", campaign("good", "Hello"))}, "en"); err == nil || !strings.Contains(err.Error(), "good.yaml") {
		t.Errorf("two files of one campaign: %v", err)
	}
	if len(w.calls) > 0 {
		t.Errorf("the service was asked to %v", w.calls)
	}
}

// naming is a campaign that names another in a condition, or by its last step.
func naming(key, other, enrolls string) string {
	src := strings.Replace(campaign(key, "Hello"), "  - wait: 1d\n", "  - branch: [{if: {completed: "+other+"}, steps: [{wait: 1d}]}]\n", 1)
	if enrolls != "" {
		src += "  - enroll: " + enrolls + "\n"
	}
	return src
}

// TestNewCampaignsNameEachOther: all the drafts are there before the first is published; what is in no file and not on the service is still missed.
func TestNewCampaignsNameEachOther(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	a, b, c := w.write("a.yaml", naming("a", "b", "c")), w.write("b.yaml", naming("b", "a", "")), w.write("c.yaml", campaign("c", "Hello"))
	var found *ascode.BadFiles
	if _, err := s.Plan(t.Context(), w.files(a, b), true); !errors.As(err, &found) || len(found.Lines) != 1 || !strings.HasPrefix(found.Lines[0], a+":15:13: There is no campaign “c” here.") {
		t.Errorf("%v %q", err, found.Lines)
	}
	told, err := w.apply(s, w.plan(s, true, a, b, c))
	w.must(err)
	golden(t, "together", told+"\n")
	if p := w.plan(s, true, a, b, c); !p.Empty() {
		t.Error(w.said(p, "en"))
	}
}

// TestWhatIsLeft: where a publication fails, those that are not published yet are named, and no others.
func TestWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	p := w.plan(s, true, w.write("a.yaml", campaign("a", "Hello")), w.write("b.yaml", campaign("b", "Hello")), w.write("c.yaml", campaign("c", "Hello")))
	w.before = func(r *http.Request) {
		if r.URL.Path == "/v1/campaigns/b/publication" {
			_, err := w.engine.PutDraft(t.Context(), engine.Operator, "b", 0, engine.Draft{Source: campaign("b", "Theirs"), Format: "yaml"})
			w.must(err)
		}
	}
	told, err := w.apply(s, p)
	if err == nil || !strings.HasSuffix(err.Error(), "\nNot done: b, c.") || !strings.HasSuffix(told, "c: the draft is saved\na: version 1 is published") {
		t.Errorf("%v\n%s", err, told)
	}
}

// TestTheServiceChecksToo stands for a service of another release: it finds what this program does not.
func TestTheServiceChecksToo(t *testing.T) {
	w := newWorld(t)
	strict := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/problem+json")
		rw.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = rw.Write([]byte(`{"code":"invalid.definition","detail":"x","errors":[{"line":3,"column":7,"message":"No surveys here.","did_you_mean":"poll"}]}`))
	}))
	defer strict.Close()
	s, err := ascode.Connect(strict.URL, "kzk_x", "en")
	w.must(err)
	a := w.write("a.yaml", campaign("a", "Hello"))
	_, err = s.Plan(t.Context(), w.files(a), false)
	var found *ascode.BadFiles
	if !errors.As(err, &found) || found.Lines[0] != a+":3:7: No surveys here. Did you mean poll?" {
		t.Errorf("found %v", err)
	}
}

// TestScopes: reading plans and exports; applying needs to write, and says so before anything is done.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	a := w.write("a.yaml", campaign("a", "Hello"))
	reader := w.service("en", engine.CampaignsRead)
	told, err := w.apply(reader, w.plan(reader, false, a))
	if told != "" || err == nil || !strings.Contains(err.Error(), "campaigns:write") || !strings.Contains(err.Error(), "Nothing was changed") {
		t.Errorf("%q, %v", told, err)
	}
	other := w.service("ru", engine.MembersRead)
	if _, err := other.Plan(t.Context(), w.files(a), false); err == nil || !strings.Contains(err.Error(), "campaigns:read") {
		t.Errorf("plan without a right: %v", err)
	}
	wrong, err := ascode.Connect(w.url, "kzk_wrong", "en")
	w.must(err)
	if err := wrong.Export(t.Context(), w.dir, nil, false, nil); err == nil || strings.Contains(err.Error(), "kzk_wrong") || !strings.Contains(err.Error(), "KRUZHOK_API_TOKEN") {
		t.Errorf("a wrong token: %v", err)
	}
}

// TestWhatIsNoService: every way to a wrong address has words, and the token goes nowhere that was not named.
func TestWhatIsNoService(t *testing.T) {
	w := newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went elsewhere: %v", r.Header)
	}))
	defer elsewhere.Close()
	page := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer page.Close()
	for url, words := range map[string]string{"http://127.0.0.1:1": "No service answers", page.URL: "is not Kruzhok"} {
		s, err := ascode.Connect(url, "kzk_secret", "en")
		w.must(err)
		err = s.Export(t.Context(), w.dir, []string{"a"}, false, nil)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "kzk_secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, c := range [][2]string{{"", "x"}, {"ftp://a", "x"}, {"http://user:pass@a", "x"}, {"http://a?b", "x"}, {"http://a", ""}, {"http://a", "two words"}} {
		if _, err := ascode.Connect(c[0], c[1], "en"); err == nil || strings.Contains(err.Error(), "pass@") || strings.Contains(err.Error(), "two words") {
			t.Errorf("%v: %v", c, err)
		}
	}
	for url, open := range map[string]bool{"http://localhost:8080": false, "http://[::1]:8080": false, "http://10.0.0.1": true, "http://kruzhok.example": true, "https://kruzhok.example": false} {
		if s, err := ascode.Connect(url, "x", "en"); err != nil || s.Open() != open {
			t.Errorf("%s: open %v, %v", url, !open, err)
		}
	}
}

// TestExportKeepsFiles: a file with another text stops the export as a whole; --force writes over it.
func TestExportKeepsFiles(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	for _, key := range []string{"a", "b"} {
		_, err := w.engine.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: campaign(key, "Hello"), Format: "yaml"})
		w.must(err)
	}
	asJSON := `{"key":"c","kind":"survey","name":"C","topic":"news","languages":["en"],"channels":["email"],"entry":{"manual":true},"steps":[{"wait":"1d"}]}`
	_, err := w.engine.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: asJSON, Format: "json"})
	w.must(err)
	mine := w.write("b.yaml", "mine")
	told := map[string]ascode.Written{}
	export := func(force bool, keys ...string) error {
		clear(told)
		return s.Export(t.Context(), w.dir, keys, force, func(path string, wr ascode.Written) { told[filepath.Base(path)] = wr })
	}
	if err := export(false); err == nil || !strings.Contains(err.Error(), mine) || len(told) > 0 {
		t.Errorf("%v, wrote %v", err, told)
	}
	if err := export(false, "a"); err != nil || told["a.yaml"] != ascode.WroteNew {
		t.Errorf("%v, wrote %v", err, told)
	}
	if err := export(true); err != nil || told["a.yaml"] != ascode.WroteNone || told["b.yaml"] != ascode.WroteOver || told["c.json"] != ascode.WroteNew {
		t.Errorf("%v, wrote %v", err, told)
	}
	for _, key := range []string{"nobody", "../a", ""} {
		if err := export(true, key); err == nil || len(told) > 0 {
			t.Errorf("%q: %v, wrote %v", key, err, told)
		}
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, ".export-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestFolders: a folder stands for its campaign files.
func TestFolders(t *testing.T) {
	w := newWorld(t)
	w.write("a.yaml", campaign("a", "Hello"))
	w.write("b.yml", campaign("b", "Hello"))
	w.write("notes.txt", "no campaign")
	w.write("campaign.schema.json", "{}")
	w.write(".hidden.yaml", "no campaign")
	w.must(os.Mkdir(filepath.Join(w.dir, "old.yaml"), 0o700))
	if files := w.files(w.dir); len(files) != 2 || files[0].Key() != "a" || files[1].Key() != "b" {
		t.Errorf("found %v", files)
	}
	for _, path := range []string{filepath.Join(w.dir, "old.yaml"), filepath.Join(w.dir, "nowhere"), w.write("film.yaml", strings.Repeat("x", 1<<20+1))} {
		if _, err := ascode.ReadFiles([]string{path}, "en"); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestMovesGoWhereTheirStepIs: a folder's other campaigns and new ones are published beside the one that a move is meant for.
func TestMovesGoWhereTheirStepIs(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	one := campaign("a", "Hello")
	a, b := w.write("a.yaml", strings.Replace(one, "  - wait: 1d\n", "  - {id: pause, wait: 1d}\n", 1)), w.write("b.yaml", campaign("b", "Hi"))
	_, err := w.apply(s, w.plan(s, true, a, b))
	w.must(err)
	w.write("a.yaml", strings.Replace(one, "  - wait: 1d\n", "", 1))
	w.write("b.yaml", campaign("b", "Good day"))
	c := w.write("c.yaml", campaign("c", "New"))
	s.Choose(ascode.Choice{Inside: "move", Moves: map[string]string{"pause": ""}, OutdatedTexts: "accept"})
	if told, err := w.apply(s, w.plan(s, true, a, b, c)); err != nil || strings.Count(told, "is published") != 3 {
		t.Errorf("%v: %s", err, told)
	}
	w.write("b.yaml", campaign("b", "Good evening"))
	s.Choose(ascode.Choice{Inside: "move", Moves: map[string]string{"nowhere": ""}, OutdatedTexts: "accept"})
	if _, err := s.Plan(t.Context(), w.files(b), true); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a step that is nowhere: %v", err)
	}
}
