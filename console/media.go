package console

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/reports"
)

// mediaView is a file in a page: a player, a picture, a download, or why it is not here.
type mediaView struct {
	Kind, Src, Label, Length, Icon string
}

func mediaOf(f look.Frame, a reports.AnswerRow, name string) *mediaView {
	if a.Answer.Media == nil {
		return nil
	}
	m := a.Answer.Media
	v := &mediaView{Kind: string(m.Kind), Icon: "file", Label: f.T("console.media." + string(m.Kind))}
	if name != "" {
		v.Label += ", " + name
	}
	seconds := m.Seconds
	if a.Media != nil && a.Media.Seconds > 0 {
		seconds = a.Media.Seconds
	}
	if seconds > 0 {
		v.Length = look.Length(seconds)
	}
	switch {
	case a.Media == nil || a.Media.State == "erased":
		v.Label = f.T("console.media.gone")
	case a.Media.State == "pending":
		v.Label, v.Icon = f.T("console.media.pending"), "clock"
	case a.Media.State == "failed":
		v.Label, v.Icon = f.T("media.reason."+a.Media.Reason), "warning"
	default:
		v.Src = "/console/media/" + idText(m.ID)
		if !reports.Playable(a.Media) {
			v.Kind = "document"
		}
	}
	if v.Kind == "audio" {
		v.Kind = "voice"
	}
	return v
}

// media serves a file as reports does: with ranges, and nothing that can run.
func (r *request) media() error {
	id, err := number(r.Param("id"), "media")
	if err != nil {
		return err
	}
	m, content, err := r.k.o.Reports.Media(r.Request.Context(), r.who, campaigns.MediaID(id))
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	reports.ServeMedia(r.Writer, r.Request, m, content)
	return nil
}
