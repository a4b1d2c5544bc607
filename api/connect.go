package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// connectView is the page behind a mail's footer that connects a chat in Telegram.
type connectView struct {
	frame
	Connected bool
	// Code is empty before the button is pressed; URL is empty while the bot's name is not known.
	Code, URL string
}

func (s *server) connectRoutes() {
	s.page("/link/:token", s.showConnect)
	s.public(http.MethodPost, "/link/:token", s.connect)
}

// showConnect offers a code. It makes none: mail scanners open links.
func (s *server) showConnect(c *gin.Context) {
	page, err := s.Engine.ConnectInfo(c.Request.Context(), c.Param("token"))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "connect.html", viewConnect(page))
}

func viewConnect(p *engine.ConnectPage) connectView {
	lang := locale.Match(string(p.Lang))
	v := connectView{frame: newFrame(lang, locale.T(lang, "page.connect.title", nil), brand(p.Brand, p.Community)), Connected: p.Connected}
	if p.Code != nil {
		v.Code, v.URL = p.Code.Code, p.Code.URL
	}
	return v
}

// connect makes a code and shows it, this once: only its hash is kept.
func (s *server) connect(c *gin.Context) {
	if !s.pressed(c) {
		return
	}
	page, err := s.Engine.ConnectCode(c.Request.Context(), c.Param("token"))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "connect.html", viewConnect(page))
}
