package pages

import (
	"errors"
	"net/http"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo"
)

// What a visitor can do wrong; each has its words under the catalogs' "sandbox.error".
var (
	errForeign = errors.New("sandbox: another site's request")
	errNobody  = errors.New("sandbox: nobody")
	errInput   = errors.New("sandbox: not understood")
	errUpload  = errors.New("sandbox: upload")
)

var words = []struct {
	err    error
	status int
	key    string
}{
	{errForeign, http.StatusForbidden, "sandbox.error.foreign"},
	{errNobody, http.StatusNotFound, "sandbox.error.nobody"},
	{errInput, http.StatusUnprocessableEntity, "sandbox.error.input"},
	{errUpload, http.StatusRequestEntityTooLarge, "sandbox.error.upload"},
	{demo.ErrRefused, http.StatusUnprocessableEntity, "sandbox.error.input"},
	{demo.ErrBusy, http.StatusConflict, "sandbox.error.busy"},
	{sandbox.ErrBotBlocked, http.StatusConflict, "sandbox.error.blocked"},
	{sandbox.ErrBotNobody, http.StatusNotFound, "sandbox.error.nobody"},
	{sandbox.ErrBotNoButton, http.StatusConflict, "sandbox.error.button"},
	{sandbox.ErrBotNoMessage, http.StatusConflict, "sandbox.error.message"},
}

func told(err error) (status int, key string) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = errUpload
	}
	for _, w := range words {
		if errors.Is(err, w.err) {
			return w.status, w.key
		}
	}
	return http.StatusBadGateway, "sandbox.error.service"
}
