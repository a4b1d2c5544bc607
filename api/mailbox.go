package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// mailboxView is the page that joins a mailbox to a chat's member.
type mailboxView struct {
	frame
	Address, Name string
	// Known: another member has the address. Replaces: the member has another one. Used: it was joined already.
	// Confirm: somebody else named the mailbox, and no chat asked.
	// OtherChat: a chat of theirs gives way. Stops: everything is off for one of the two, and then for both.
	Known, Replaces, OtherChat, Stops, Used, Confirm bool
}

func (s *server) mailboxRoutes() {
	s.page("/mailbox/:token", s.showMailbox)
	s.public(http.MethodPost, "/mailbox/:token", s.joinMailbox)
}

// showMailbox says what would happen. It changes nothing: mail scanners open links.
func (s *server) showMailbox(c *gin.Context) {
	page, err := s.Engine.MailboxInfo(c.Request.Context(), c.Param("token"))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "mailbox.html", viewMailbox(page))
}

func viewMailbox(p *engine.MailboxPage) mailboxView {
	lang, title := locale.Match(string(p.Lang)), "page.mailbox.title"
	if p.Confirm {
		title = "page.confirm.title"
	}
	return mailboxView{
		frame:   newFrame(lang, locale.T(lang, title, nil), brand(p.Brand, p.Community)),
		Address: p.Address, Name: p.Name, Known: p.Known, Replaces: p.Replaces, OtherChat: p.OtherChat, Stops: p.Stops, Used: p.Used, Confirm: p.Confirm,
	}
}

func (s *server) joinMailbox(c *gin.Context) {
	if !s.pressed(c) {
		return
	}
	if err := s.Engine.JoinMailbox(c.Request.Context(), c.Param("token")); err != nil {
		s.errorPage(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/mailbox/"+c.Param("token"))
}
