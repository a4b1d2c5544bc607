package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// leaveView is the page behind the leave link of a mail.
type leaveView struct {
	frame
	Topic    string
	Campaign string
	// Off: the topic is off. Everything: all is off.
	Off, Everything bool
}

func (s *server) unsubscribeRoutes() {
	s.page("/u/:token", s.showLeave)
	s.public(http.MethodPost, "/u/:token", s.leave)
}

// showLeave asks. It changes nothing: mail scanners open links.
func (s *server) showLeave(c *gin.Context) {
	page, err := s.Engine.UnsubscribeInfo(c.Request.Context(), c.Param("token"))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "leave.html", viewLeave(page))
}

func viewLeave(p *engine.UnsubscribePage) leaveView {
	lang := locale.Match(string(p.Lang))
	return leaveView{
		frame: newFrame(lang, locale.T(lang, "page.leave.title", nil), brand(p.Brand, p.Community)),
		Topic: locale.Topic(lang, p.Topic), Campaign: p.Campaign, Off: p.Off, Everything: p.Everything,
	}
}

// leave unsubscribes: a mail program by one click, which wants no page and no redirect (RFC 8058 §3.1), or a person by the page's form.
func (s *server) leave(c *gin.Context) {
	if err := readForm(c); err != nil {
		s.errorPage(c, err)
		return
	}
	if c.PostForm("List-Unsubscribe") == "One-Click" {
		s.oneClick(c)
		return
	}
	if err := crossSite(c.Request); err != nil {
		s.errorPage(c, err)
		return
	}
	what := c.PostForm("what")
	if what != "topic" && what != "everything" {
		s.errorPage(c, errForm)
		return
	}
	if err := s.Engine.Unsubscribe(c.Request.Context(), c.Param("token"), what == "everything", "unsubscribe_page"); err != nil {
		s.errorPage(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/u/"+c.Param("token"))
}

func (s *server) oneClick(c *gin.Context) {
	if err := s.Engine.Unsubscribe(c.Request.Context(), c.Param("token"), false, "one_click"); err != nil {
		s.refuse(c, err)
		return
	}
	c.String(http.StatusOK, "%s\n", locale.T(requestOf(c.Request.Context()).lang, "page.leave.one_click", nil))
}
