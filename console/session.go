package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// sessionCookie holds the API token itself: revoking the token ends every session with it, and there is no second secret to keep.
const sessionCookie = "kruzhok_session"

// sessionAge is how long a browser stays signed in.
const sessionAge = 30 * 24 * time.Hour

// maxToken bounds what is looked up.
const maxToken = 200

func (r *request) signedIn() (engine.Principal, error) {
	if r.k.o.Open {
		return engine.Operator, nil
	}
	cookie, err := r.Request.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" || len(cookie.Value) > maxToken {
		return engine.Principal{}, fault.New(fault.Unauthorized, "unauthorized.session", nil)
	}
	p, err := r.k.o.Engine.Authenticate(r.Request.Context(), cookie.Value)
	if fault.Is(err, fault.Unauthorized) {
		err = fault.New(fault.Unauthorized, "unauthorized.session", nil)
	}
	return p, err
}

// signInPage asks for a token.
type signInPage struct {
	look.Frame
	Error string
	To    string
}

func (r *request) signInPage() error {
	to := look.LocalPath(r.Query("back"))
	if _, err := r.signedIn(); err == nil {
		r.Redirect(http.StatusSeeOther, to)
		return nil
	}
	return r.askToken(http.StatusOK, to, "")
}

func (r *request) askToken(status int, to, problem string) error {
	p := signInPage{Frame: r.frame("", ""), To: to, Error: problem}
	p.SignOut, p.User, p.Title = "", "", p.T("console.sign_in.title")
	return r.renderStatus(status, "sign-in.html", p)
}

func (r *request) signIn() error {
	to := look.LocalPath(r.PostForm("back"))
	token := strings.TrimSpace(r.PostForm("token"))
	if len(token) > maxToken {
		token = ""
	}
	_, err := r.k.o.Engine.Authenticate(r.Request.Context(), token)
	if fault.Is(err, fault.Unauthorized) {
		r.slow()
		return r.askToken(http.StatusUnauthorized, to, look.Frame{Lang: r.lang}.T("console.sign_in.wrong"))
	}
	if err != nil {
		return err
	}
	r.setSession(token, int(sessionAge/time.Second))
	r.Redirect(http.StatusSeeOther, to)
	return nil
}

// slow answers wrong tokens one after another, a pace apart: guessing gets nowhere, and a right token never waits.
func (r *request) slow() {
	timer := time.NewTimer(r.k.o.Pace)
	defer timer.Stop()
	select {
	case r.k.pace <- struct{}{}:
		defer func() { <-r.k.pace }()
	case <-timer.C:
		return
	case <-r.Request.Context().Done():
		return
	}
	select {
	case <-timer.C:
	case <-r.Request.Context().Done():
	}
}

func (r *request) signOut() error {
	r.setSession("", -1)
	r.Redirect(http.StatusSeeOther, "/console/sign-in")
	return nil
}

func (r *request) setSession(token string, age int) {
	http.SetCookie(r.Writer, &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/console", MaxAge: age, HttpOnly: true, Secure: r.k.o.Secure, SameSite: http.SameSiteStrictMode,
	})
}
