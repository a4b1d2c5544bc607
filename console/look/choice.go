package look

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// maxForm bounds the frame's own forms.
const maxForm = 8 << 10

// year is how long a choice is kept.
const year = 365 * 24 * 60 * 60

// choose keeps a language or a theme in a cookie and goes back. A form of another site is refused: it could only annoy, but needs no right to.
func (l *Look) choose(c *gin.Context) {
	if err := http.NewCrossOriginProtection().Check(c.Request); err != nil {
		c.Status(http.StatusForbidden)
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	if err := c.Request.ParseForm(); err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	form := c.Request.PostForm
	if lang := form.Get("lang"); slices.Contains(locale.Languages(), lang) {
		l.remember(c, langCookie, lang, year)
	}
	switch theme := form.Get("theme"); theme {
	case "light", "dark":
		l.remember(c, themeCookie, theme, year)
	case "system":
		l.remember(c, themeCookie, "", -1)
	}
	c.Redirect(http.StatusSeeOther, LocalPath(form.Get("back")))
}

func (l *Look) remember(c *gin.Context, name, value string, age int) {
	http.SetCookie(c.Writer, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: l.o.Secure, SameSite: http.SameSiteLaxMode})
}
