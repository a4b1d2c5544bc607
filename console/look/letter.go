package look

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// letterPolicy lets a letter have its own styles and nothing else: no script, no picture from outside, no form. Its links open elsewhere.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

// Letter serves the HTML of a mail for an iframe.
func Letter(c *gin.Context, html string) {
	c.Header("Content-Security-Policy", letterPolicy)
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(`<base target="_blank">`+html))
}

// framedPolicy lets a page of ours be looked at inside another: with our styles, and nothing in it acts. Fonts come only to the same origin.
const framedPolicy = "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"

// Framed serves a page of ours for an iframe.
func Framed(c *gin.Context, html []byte) {
	c.Header("Content-Security-Policy", framedPolicy)
	c.Data(http.StatusOK, "text/html; charset=utf-8", html)
}
