package reports

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

var csvHeader = []string{"id", "member", "member_id", "question", "step", "visit", "type", "value", "channel", "late", "version", "revision", "answered_at"}

// csvPage is how many answers are read at once.
const csvPage = 500

// CSV is a campaign's answers as a table, ready to be written.
type CSV struct {
	reports  *Reports
	campaign *store.Campaign
	question string
	first    []ResponseRow
}

// ResponsesCSV prepares the answers of a campaign as CSV (RFC 4180, UTF-8, a header row); question empty: all. Scope responses:read.
// What can be refused is refused here, before the first byte.
func (r *Reports) ResponsesCSV(ctx context.Context, p engine.Principal, key campaigns.Key, question string) (*CSV, error) {
	c, err := r.campaign(ctx, p, engine.ResponsesRead, key)
	if err != nil {
		return nil, err
	}
	first, err := r.responses(ctx, c, question, store.Page{Limit: csvPage})
	return &CSV{r, c, question, first}, err
}

// Write writes all pages. An error after the first byte leaves a table that is cut short: the caller must break the connection.
func (t *CSV) Write(ctx context.Context, to io.Writer) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true // RFC 4180 §2
	if err := w.Write(csvHeader); err != nil {
		return err
	}
	for rows := t.first; ; {
		for _, row := range rows {
			if err := w.Write(csvRow(row)); err != nil {
				return err
			}
		}
		w.Flush()
		if len(rows) < csvPage || w.Error() != nil {
			return w.Error()
		}
		var err error
		rows, err = t.reports.responses(ctx, t.campaign, t.question, store.Page{After: rows[len(rows)-1].ID, Limit: csvPage})
		if err != nil {
			return err
		}
	}
}

func csvRow(r ResponseRow) []string {
	row := []string{
		strconv.FormatInt(r.ID, 10), r.ExternalID, strconv.FormatInt(int64(r.Member), 10), r.Question, string(r.Step), strconv.Itoa(r.Visit),
		string(r.Answer.Type), csvValue(r.Response), string(r.Answer.Channel), strconv.FormatBool(r.Answer.Late),
		strconv.Itoa(r.Version), strconv.FormatInt(r.Rev, 10), r.AnsweredAt.UTC().Format(time.RFC3339),
	}
	for i, cell := range row {
		// A negative number is no formula: a program that reads the file gets it as it is.
		if number := i == csvValueColumn && r.Answer.Type == campaigns.Number; !number {
			row[i] = guard(cell)
		}
	}
	return row
}

const csvValueColumn = 7

func csvValue(r *store.Response) string {
	if m := r.Answer.Media; m != nil { // its content: GET /v1/media/{id}
		return fmt.Sprintf("%s %d s, media %d", m.Kind, m.Seconds, m.ID)
	}
	if r.Erased {
		return ""
	}
	a := r.Answer
	switch a.Type {
	case campaigns.Choices:
		return strings.Join(a.List, "; ")
	case campaigns.YesNo:
		return strconv.FormatBool(a.Bool)
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return strconv.FormatFloat(a.Number, 'f', -1, 64)
	}
	return a.Text
}

// guard keeps a cell from being run as a formula by a spreadsheet (OWASP, CSV injection): an apostrophe makes it a text.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
