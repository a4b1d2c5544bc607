package console

import (
	"net/http"

	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// messagesPage is what members wrote and nobody has looked at.
type messagesPage struct {
	look.Frame
	Rows []messageRow
	More bool
	// May: the reader may mark messages as read.
	May bool
}

type messageRow struct{ ID, Href, Name, When, Text, Channel string }

// messagesPageRows is how many are shown; closing them brings the next.
const messagesPageRows = 50

func (r *request) messages() error {
	rows, err := r.k.o.Reports.OpenMessages(r.Request.Context(), r.who, messagesPageRows+1)
	if err != nil {
		return err
	}
	p := messagesPage{Frame: r.frame(look.Today, ""), May: r.who.Require(engine.MembersWrite) == nil}
	p.Title, p.Live = p.T("console.messages.title"), "/console/live/today"
	if p.More = len(rows) > messagesPageRows; p.More {
		rows = rows[:messagesPageRows]
	}
	for _, m := range rows {
		row := messageRow{
			ID: idText(m.ID), Href: "/console/members/" + idText(m.Member), Name: m.Name, When: look.Moment(p.Lang, m.At.In(r.zone), r.now()),
			Text: m.Text, Channel: p.T("console.channel." + string(m.Channel)),
		}
		if row.Text == "" {
			row.Text = p.T("console.messages.kind", "kind", kindWords(p.Frame, m.Kind))
		}
		p.Rows = append(p.Rows, row)
	}
	return r.render("messages.html", p)
}

// kindWords is what came where it was no text.
func kindWords(f look.Frame, kind string) string {
	if key := "console.media." + kind; locale.Has(key) {
		return f.T(key)
	}
	return f.T("console.messages.something")
}

func (r *request) closeMessage() error {
	id, err := number(r.Param("id"), "message")
	if err != nil {
		return err
	}
	if _, err := r.k.o.Engine.CloseMessage(r.Request.Context(), r.who, id); err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, "/console/messages")
	return nil
}
