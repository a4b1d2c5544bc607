package console

import (
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/internal/locale"
)

func dateOf(lang string, t time.Time) string { return locale.Date(lang, t) }

// idText is an id in an address.
func idText[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
