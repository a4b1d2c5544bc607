package telegram

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/channels"
)

// keyboard remembers the last keyboard in its wire form: a broadcast's is the same in each message.
type keyboard struct {
	rows [][]channels.Button
	wire string
}

func (k *keyboard) json(rows [][]channels.Button) string {
	if !slices.EqualFunc(k.rows, rows, slices.Equal[[]channels.Button]) {
		k.rows, k.wire = rows, keyboardJSON(rows)
	}
	return k.wire
}

// keyboardJSON is the reply_markup of an inline keyboard (Bot API InlineKeyboardMarkup).
func keyboardJSON(rows [][]channels.Button) string {
	type button struct {
		Text string `json:"text"`
		URL  string `json:"url,omitempty"`
		Data string `json:"callback_data,omitempty"`
	}
	out := make([][]button, len(rows))
	for i, row := range rows {
		out[i] = make([]button, len(row))
		for j, b := range row {
			out[i][j] = button(b)
		}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]any{"inline_keyboard": out}) // strings always encode
	return strings.TrimSuffix(b.String(), "\n")
}
