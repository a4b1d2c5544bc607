package templates

import (
	"strings"
	"unicode/utf8"
)

// mailHead is the part of the document that no value enters. Clients that know dark mode take the classes, Outlook's apps the data-ogs ones.
const mailHead = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #14130f !important; } .sheet { background: #1d1c17 !important; border-color: #35332c !important; }
  .ink { color: #edece6 !important; } .soft { color: #b3b1a9 !important; } .link { color: #6fd3a8 !important; }
  .btn { border-color: #7b7971 !important; } .main { background: #6fd3a8 !important; } .main a { color: #0b1f16 !important; }
  .rule { border-color: #35332c !important; } .quote { border-color: #7b7971 !important; } .code { background: #2a2923 !important; color: #edece6 !important; }
}
[data-ogsc] .ink { color: #edece6 !important; } [data-ogsc] .soft { color: #b3b1a9 !important; } [data-ogsc] .link { color: #6fd3a8 !important; } [data-ogsb] .sheet { background: #1d1c17 !important; }
@media (max-width: 480px) { .pad { padding-left: 20px !important; padding-right: 20px !important; } .sheet { border-radius: 0 !important; } }
</style>
`

const tableTag = `<table role="presentation" cellpadding="0" cellspacing="0" border="0"`

// breakWords lets a word that no line has room for go on in the next: in a table, overflow-wrap alone leaves the cell as wide as the word, and not every client knows both.
const breakWords = `overflow-wrap:anywhere;word-break:break-word;`

// preheaderPad keeps clients from showing the body's first words after the preheader: figure spaces and joiners, none of them visible.
var preheaderPad = strings.Repeat("&#8199;&#847;", 30)

// mailWriter writes the document from top to bottom.
type mailWriter struct {
	b strings.Builder
	m *MailContent
}

func (w *mailWriter) raw(parts ...string) {
	for _, p := range parts {
		w.b.WriteString(p)
	}
}

func (w *mailWriter) show(s string) { escapeInto(&w.b, tidy(s)) }

func (w *mailWriter) document() {
	w.raw(`<!doctype html>`, "\n", `<html lang="`)
	w.show(string(w.m.Lang))
	w.raw(`" dir="`, direction(w.m.Lang), `" xmlns="http://www.w3.org/1999/xhtml">`, "\n<head>\n", mailHead, "<title>")
	w.show(w.m.Subject)
	w.raw("</title>\n</head>\n", `<body class="page" style="margin:0;padding:0;background:`+pageColor+`;">`, "\n")
	w.preheader()
	w.raw("<main>\n", tableTag, ` class="page" width="100%" style="background:`+pageColor+`;"><tr><td align="center" style="padding:24px 0;">`, "\n",
		tableTag, ` class="sheet" width="600" style="width:100%;max-width:600px;background:`+sheetColor+`;border:1px solid `+ruleColor+`;border-radius:16px;`+breakWords+`">`, "\n")
	w.sheet()
	w.raw("</table>\n</td></tr></table>\n</main>\n</body>\n</html>\n")
}

func (w *mailWriter) preheader() {
	if w.m.Preheader == "" {
		return
	}
	w.raw(`<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">`)
	w.show(w.m.Preheader)
	w.raw(preheaderPad, "</div>\n")
}

func (w *mailWriter) sheet() {
	w.brand()
	w.raw(`<tr><td class="pad" style="padding:24px 40px 0;"><h1 class="ink" style="margin:0;font:600 24px/30px ` + fontStack + `;color:` + inkColor + `;">`)
	w.show(w.m.Subject)
	w.raw("</h1></td></tr>\n", `<tr><td class="pad" style="padding:12px 40px 8px;">`, "\n", w.m.BodyHTML, "</td></tr>\n")
	w.buttons()
	w.footer()
}

func (w *mailWriter) brand() {
	w.raw(`<tr><td class="pad" style="padding:32px 40px 0;"><p class="link" style="margin:0;font:600 17px/24px ` + fontStack + `;color:` + linkColor + `;"><span aria-hidden="true">◯</span> `)
	w.show(w.m.Brand)
	w.raw("</p></td></tr>\n")
}

// buttons: answers and other links first, the main one last.
func (w *mailWriter) buttons() {
	var main, rest []MailButton
	for _, b := range w.m.Buttons {
		if b.Main {
			main = append(main, b)
		} else {
			rest = append(rest, b)
		}
	}
	if len(rest) > 0 {
		w.raw(`<tr><td class="pad" style="padding:12px 40px 12px;">`, "\n")
		w.answers(rest)
		w.note()
		w.raw("</td></tr>\n")
	}
	for _, b := range main {
		w.raw(`<tr><td class="pad" style="padding:12px 40px 12px;">`, tableTag, `><tr><td class="main" align="center" style="background:`+linkColor+`;border-radius:10px;"><a href="`)
		w.show(b.URL)
		w.raw(`" style="display:block;padding:13px 22px;font:600 16px/22px ` + fontStack + `;color:#ffffff;text-decoration:none;">`)
		w.show(spaced(b.Label))
		w.raw("</a></td></tr></table>")
		if len(rest) == 0 {
			w.note()
		}
		w.raw("</td></tr>\n")
	}
}

func (w *mailWriter) note() {
	if s := w.m.note(); s != "" {
		w.raw(`<p class="soft" style="margin:10px 0 0;font:400 15px/22px ` + fontStack + `;color:` + softColor + `;">`)
		w.show(s)
		w.raw("</p>\n")
	}
}

// Short answers (digits, yes and no, an emoji) stand in rows of up to six: on a phone of 320 px a cell is then still 44 px wide.
const (
	perRow     = 6
	shortLabel = 4
)

func (w *mailWriter) answers(list []MailButton) {
	width := 1
	if allShort(list) {
		rows := (len(list) + perRow - 1) / perRow
		width = (len(list) + rows - 1) / rows
	}
	for from := 0; from < len(list); from += width {
		row := list[from:min(from+width, len(list))]
		if from > 0 {
			w.raw(`<div style="height:8px;line-height:8px;font-size:0;">&nbsp;</div>`, "\n")
		}
		w.answerRow(row, width)
	}
}

func allShort(list []MailButton) bool {
	for _, b := range list {
		if utf8.RuneCountInString(b.Label) > shortLabel {
			return false
		}
	}
	return true
}

// answerRow writes one row; a shorter last row keeps the others' columns.
func (w *mailWriter) answerRow(row []MailButton, width int) {
	widest := map[int]string{1: "520px", 2: "232px", 3: "312px", 4: "352px", 5: "400px", 6: "480px"}[width]
	if width == 1 && allShort(row) {
		widest = "112px"
	}
	w.raw(tableTag, ` width="100%" style="max-width:`+widest+`;table-layout:fixed;"><tr>`)
	for i := range width {
		if i > 0 {
			w.raw(`<td width="8" style="width:8px;font-size:0;">&nbsp;</td>`)
		}
		if i >= len(row) {
			w.raw(`<td style="font-size:0;">&nbsp;</td>`)
			continue
		}
		w.raw(`<td class="btn" align="center" style="border:1px solid ` + edgeColor + `;border-radius:10px;"><a class="ink" href="`)
		w.show(row[i].URL)
		w.raw(`" style="display:block;padding:14px 4px;font:600 16px/20px ` + fontStack + `;color:` + inkColor + `;text-decoration:none;">`)
		w.show(spaced(row[i].Label))
		w.raw("</a></td>")
	}
	w.raw("</tr></table>\n")
}

func (w *mailWriter) footer() {
	const style = `font:400 15px/22px ` + fontStack + `;color:` + softColor + `;">`
	w.raw(`<tr><td class="pad" style="padding:16px 40px 0;font-size:0;line-height:0;">&nbsp;</td></tr>`, "\n",
		`<tr><td class="pad rule" style="padding:20px 40px 28px;border-top:1px solid `+ruleColor+`;"><p class="soft" style="margin:0 0 10px;`, style)
	w.show(w.m.Why)
	w.raw("</p>\n")
	if w.m.ConnectURL != "" {
		w.raw(`<p class="soft" style="margin:0 0 10px;`, style)
		w.footerLink("mail.connect", w.m.ConnectURL)
		w.raw("</p>\n")
	}
	if w.m.PreferencesURL+w.m.UnsubscribeURL != "" {
		w.raw(`<p class="soft" style="margin:0 0 10px;`, style)
		w.footerLink("mail.preferences", w.m.PreferencesURL)
		if w.m.PreferencesURL != "" && w.m.UnsubscribeURL != "" {
			w.raw(" &nbsp;·&nbsp; ")
		}
		w.footerLink("mail.unsubscribe", w.m.UnsubscribeURL)
		w.raw("</p>\n")
	}
	if w.m.PostalAddress != "" {
		w.raw(`<p class="soft" style="margin:0;`, style)
		w.show(w.m.PostalAddress)
		w.raw("</p>\n")
	}
	w.raw("</td></tr>\n")
}

func (w *mailWriter) footerLink(key, url string) {
	if url == "" {
		return
	}
	w.raw(`<a class="link" href="`)
	w.show(url)
	w.raw(`" style="color:` + linkColor + `;">`)
	w.show(w.m.say(key, nil))
	w.raw("</a>")
}
