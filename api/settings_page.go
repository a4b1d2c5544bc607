package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// settingsView is the page on which a member who reads mail chooses what comes, and when.
type settingsView struct {
	frame
	Clock, City string
	Stopped     bool
	engine.Choices
}

func (s *server) settingsRoutes() {
	s.page("/settings/:token", s.showSettings)
	s.public(http.MethodPost, "/settings/:token", s.changeSettings)
}

// showSettings shows how things stand. It changes nothing: mail scanners open links.
func (s *server) showSettings(c *gin.Context) {
	page, err := s.Engine.SettingsInfo(c.Request.Context(), c.Param("token"))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "settings.html", viewSettings(page))
}

func viewSettings(p *engine.SettingsPage) settingsView {
	lang := locale.Match(string(p.Lang))
	return settingsView{
		frame: newFrame(lang, locale.T(lang, "page.settings.title", nil), brand(p.Brand, p.Community)), Clock: p.Clock, City: p.City, Stopped: p.Stopped, Choices: p.Choices,
	}
}

// changeSettings does what the pressed button says.
func (s *server) changeSettings(c *gin.Context) {
	if !s.pressed(c) {
		return
	}
	if err := s.Engine.ChangeSettings(c.Request.Context(), c.Param("token"), c.PostForm("set")); err != nil {
		s.errorPage(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/settings/"+c.Param("token"))
}
