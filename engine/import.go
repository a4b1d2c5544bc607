package engine

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/members/roster"
	"github.com/kruzhok/kruzhok/store"
)

// ImportOptions says how a file of members is taken.
type ImportOptions struct {
	// ConsentSource is where those agreed to messages whose row does not say it.
	ConsentSource string
	// DryRun finds everything that a run would find, and writes nothing.
	DryRun bool
}

// ImportReport is what became of the rows.
type ImportReport struct {
	Rows    int `json:"rows" doc:"Rows after the header"`
	Created int `json:"created" doc:"Members who are new"`
	Updated int `json:"updated" doc:"Members who were known, and are another in something"`
	// Unchanged are those of whom the file says what is known.
	Unchanged int `json:"unchanged" doc:"Members of whom the file says what is known"`
	Refused   int `json:"refused" doc:"Rows with a problem; nothing of them is written"`
	Asked     int `json:"asked" doc:"Mailboxes without proof, which get one mail that asks"`
	// Problems are at most maxImportProblems; ProblemsTotal counts all.
	Problems      []fault.Detail `json:"problems" doc:"The first hundred, with line and column"`
	ProblemsTotal int            `json:"problems_total"`
}

// maxImportProblems bounds the list: who has more corrects these first.
const maxImportProblems = 100

// importing is one run over a file.
type importing struct {
	e      *Engine
	p      Principal
	o      ImportOptions
	report ImportReport
	topics []string                   // of the community; empty: it names none
	seen   map[string]int             // line by external id, mailbox and chat
	wrote  map[campaigns.MemberID]int // line by who the member is
	batch  []*importRow
}

// importRow is a row that was found good.
type importRow struct {
	line   int
	w      *memberWrite
	became written
	asked  bool
	err    error
}

// ImportMembers writes the members of a CSV file (package roster has its form), in transactions of a few hundred rows; running it again changes nothing.
// A row with a problem stops no other. A mailbox without proof gets one mail that asks, and nothing else before its owner says yes.
// Scope members:write. Fault invalid.import where the header is wrong, or nothing says where the members agreed.
func (e *Engine) ImportMembers(ctx context.Context, p Principal, file io.Reader, o ImportOptions) (*ImportReport, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	rows, problems, err := roster.New(file)
	if err != nil {
		return nil, err
	}
	o.ConsentSource = strings.TrimSpace(o.ConsentSource)
	if len(problems) == 0 && o.ConsentSource == "" && !rows.Has(roster.ConsentSource) {
		problems = []roster.Problem{{Line: 1, Column: roster.ConsentSource, Code: "no_consent_source", Expected: "sign-up form"}}
	}
	if len(problems) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.import", nil).With(details(problems)...)
	}
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	topics := c.Topics
	if len(topics) > 0 {
		if topics, err = e.knownTopics(ctx, e.Store, topics); err != nil {
			return nil, err
		}
	}
	r := &importing{e: e, p: p, o: o, topics: topics, seen: map[string]int{}, wrote: map[campaigns.MemberID]int{}}
	r.report.Problems = []fault.Detail{}
	return &r.report, r.run(ctx, rows)
}

func details(ps []roster.Problem) []fault.Detail {
	out := make([]fault.Detail, len(ps))
	for i, p := range ps {
		out[i] = fault.Detail{Path: p.Column, Line: p.Line, Code: p.Code, Args: p.Args, Expected: p.Expected}
	}
	return out
}

func (r *importing) run(ctx context.Context, rows *roster.Reader) error {
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return r.flush(ctx)
		}
		if err != nil {
			return err
		}
		r.report.Rows++
		r.add(row)
		if len(r.batch) >= r.e.Store.BulkRows() {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// add reads a row; what is wrong with it is in the report.
func (r *importing) add(row *roster.Row) {
	ps := details(row.Problems)
	var w *memberWrite
	if len(ps) == 0 {
		in, more := r.input(row)
		ps = append(ps, more...)
		var err error
		if w, err = r.e.readMemberInput(in); err != nil {
			ps = append(ps, placed(err, row.Line, row.Cells)...)
		}
	}
	if len(ps) == 0 {
		ps = r.twice(row.Line, w)
	}
	if len(ps) > 0 {
		r.refuse(ps)
		return
	}
	w.proof, w.keepRefusals = members.Given, true
	if row.Cells[roster.EmailProof] == "" {
		w.proof = members.Unconfirmed
	}
	r.batch = append(r.batch, &importRow{line: row.Line, w: w})
}

func (r *importing) refuse(ps []fault.Detail) {
	r.report.Refused++
	r.report.ProblemsTotal += len(ps)
	room := maxImportProblems - len(r.report.Problems)
	r.report.Problems = append(r.report.Problems, ps[:min(len(ps), room)]...)
}

// placed are the places of a fault about a row, by the columns' names.
func placed(err error, line int, cells map[string]string) (out []fault.Detail) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil
	}
	for _, d := range f.Details {
		d.Line = line
		switch { // a consent is made of columns
		case d.Path == "attributes."+campaigns.FormalityAttribute && cells[roster.Formality] != "":
			d.Path, d.Code = roster.Formality, "bad_formality_cell"
		case !strings.HasPrefix(d.Path, "consents["):
		case strings.HasSuffix(d.Path, ".topic"):
			d.Path = roster.ConsentTopics
		case strings.HasSuffix(d.Path, ".wording"):
			d.Path = roster.EmailProof
		default:
			d.Path = roster.ConsentSource
		}
		out = append(out, d)
	}
	switch {
	case len(out) > 0:
		return out
	case f.Key == "conflict.address":
		return []fault.Detail{{Line: line, Code: "address_taken"}}
	case f.Key == "conflict.proven_address":
		return []fault.Detail{{Line: line, Path: roster.Email, Code: "proven_kept"}}
	}
	return []fault.Detail{{Line: line, Code: "row_refused"}}
}

// input is what a row says about a member.
func (r *importing) input(row *roster.Row) (in MemberInput, ps []fault.Detail) {
	cell := func(column string) *string {
		if v, ok := row.Cells[column]; ok {
			return &v
		}
		return nil
	}
	in = MemberInput{
		ExternalID: row.Cells[roster.ExternalID], FirstName: cell(roster.FirstName), LastName: cell(roster.LastName), Language: cell(roster.Language),
		TimeZone: cell(roster.TimeZone), Email: cell(roster.Email), TelegramChatID: cell(roster.TelegramChat), Attributes: row.Attributes,
	}
	if f := cell(roster.Formality); f != nil { // the column says it over the object
		in.Attributes = mergeAttributes(in.Attributes, map[string]any{campaigns.FormalityAttribute: *f})
	}
	if row.Tags != nil {
		in.Tags = &row.Tags
	}
	for _, topic := range row.Topics {
		if len(r.topics) > 0 && topic != members.AllTopics && !slices.Contains(r.topics, topic) {
			p := unknownTopic(roster.ConsentTopics, topic, r.topics)
			p.Line = row.Line
			ps = append(ps, p)
		}
	}
	source := row.Cells[roster.ConsentSource]
	if source == "" {
		source = r.o.ConsentSource
	}
	if source == "" && (in.Email != nil || in.TelegramChatID != nil) {
		ps = append(ps, fault.Detail{Path: roster.ConsentSource, Line: row.Line, Code: "no_consent_source", Expected: "sign-up form"})
	}
	if in.TelegramChatID != nil {
		in.Consents = append(in.Consents, agreed(campaigns.Telegram, row, source)...)
	}
	if in.Email != nil && row.Cells[roster.EmailProof] != "" { // one without proof agrees on the page that the mail leads to
		in.Consents = append(in.Consents, agreed(campaigns.Email, row, source)...)
	}
	return in, ps
}

func agreed(ch campaigns.Channel, row *roster.Row, source string) (out []ConsentInput) {
	topics := row.Topics
	if len(topics) == 0 {
		topics = []string{members.AllTopics}
	}
	for _, topic := range topics {
		c := ConsentInput{Channel: ch, Topic: topic, Source: source}
		if ch == campaigns.Email {
			c.Wording = row.Cells[roster.EmailProof]
		}
		out = append(out, c)
	}
	return out
}

// twice finds what an earlier row has already.
func (r *importing) twice(line int, w *memberWrite) []fault.Detail {
	keys := []struct{ column, key string }{{roster.ExternalID, w.in.ExternalID}, {roster.Email, w.emailKey}, {roster.TelegramChat, w.chat}}
	for _, k := range keys {
		if first := r.seen[k.column+":"+k.key]; first > 0 && k.key != "" {
			return []fault.Detail{twiceAt(k.column, line, first)}
		}
	}
	for _, k := range keys {
		r.seen[k.column+":"+k.key] = line
	}
	return nil
}

func twiceAt(column string, line, first int) fault.Detail {
	return fault.Detail{Path: column, Line: line, Code: "row_twice", Args: map[string]any{"line": first}}
}

// errDry takes back what a dry run has written.
var errDry = errors.New("dry run")

// flush writes the rows together, or, when one of them meets a conflict, one by one.
func (r *importing) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = nil
	if len(batch) == 0 {
		return ctx.Err()
	}
	first, err := r.e.Store.NextIDs(ctx, len(batch))
	if err != nil {
		return err
	}
	known := &topicsRead{}
	for i, row := range batch {
		row.w.newID, row.w.mayExist, row.w.principal, row.w.topics = campaigns.MemberID(first+int64(i)), true, r.p, known
	}
	err = r.write(ctx, batch)
	if fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable) {
		return err
	}
	if err != nil {
		for _, row := range batch {
			err := r.write(ctx, []*importRow{row})
			if fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable) {
				return err
			}
			row.err = cmp.Or(err, row.err)
		}
	}
	for _, row := range batch {
		r.count(row)
	}
	return nil
}

func (r *importing) write(ctx context.Context, rows []*importRow) error {
	// In one order, whatever the file's: two imports at once would wait for each other. Where that order makes a conflict of what is none, the rows are
	// written one by one.
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b *importRow) int { return strings.Compare(a.w.in.ExternalID, b.w.in.ExternalID) })
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.w.in.ExternalID
	}
	var wrote map[campaigns.MemberID]int // by this attempt: one that is taken back has written nobody
	err := r.e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		wrote = make(map[campaigns.MemberID]int, len(rows))
		if err := tx.LockInOrder(ctx, ids); err != nil {
			return err
		}
		for _, row := range rows {
			if err := r.writeRow(ctx, tx, row, wrote); err != nil {
				return err
			}
		}
		if r.o.DryRun {
			return errDry
		}
		return nil
	})
	if err == nil || errors.Is(err, errDry) {
		maps.Copy(r.wrote, wrote)
		return nil
	}
	return err
}

func (r *importing) writeRow(ctx context.Context, tx *store.Tx, row *importRow, wrote map[campaigns.MemberID]int) (err error) {
	row.became, err = r.e.upsert(ctx, tx, row.w)
	if row.err = row.became.refused; err != nil || row.err != nil {
		return err
	}
	if first := cmp.Or(r.wrote[row.became.id], wrote[row.became.id]); first > 0 { // two ids that have become one member
		return fault.New(fault.Conflict, "conflict.member", nil).With(twiceAt(roster.ExternalID, row.line, first))
	}
	wrote[row.became.id] = row.line
	if row.w.email == "" {
		return nil
	}
	if row.w.proof == members.Given {
		return nil
	}
	p, err := tx.LockMember(ctx, row.became.id)
	if err != nil || p.Addresses.On(campaigns.Email).Proof != members.Unconfirmed {
		return err // it is sure already
	}
	row.asked, err = r.e.ask(ctx, tx, row.became, row.w)
	return err
}

func (r *importing) count(row *importRow) {
	switch {
	case row.err != nil:
		r.refuse(placed(row.err, row.line, nil))
		return
	case row.became.created:
		r.report.Created++
	case row.became.changed:
		r.report.Updated++
	default:
		r.report.Unchanged++
	}
	if row.asked {
		r.report.Asked++
	}
}
