package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is how a member who reads mail answers: it opens the link, fills the form in and presses its button, as a browser without JavaScript does.
type browser struct{ http http.Client }

func newBrowser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{http.Client{Timeout: 30 * time.Second, Jar: jar}}
}

// field is one thing to fill in: a group of radios or boxes, or a text.
type field struct {
	name, kind string
	values     []string
}

// form is a page's question form.
type form struct {
	action string
	text   string // all that the page says
	hidden url.Values
	fields []field
	file   *upload // what is sent in the file field
}

// upload is a file that was chosen.
type upload struct {
	field, name string
	content     []byte
}

var (
	errNoForm = errors.New("the page has no question")
	errWrong  = errors.New("the page did not take it")
)

// open gets a page and finds its question form; errNoForm when there is none.
func (b *browser) open(ctx context.Context, link string) (*form, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, err
	}
	return b.page(req)
}

// send presses the form's button with the values.
func (b *browser) send(ctx context.Context, f *form, values url.Values) (*form, error) {
	all := url.Values{}
	for _, from := range []url.Values{f.hidden, values} {
		for k, v := range from {
			all[k] = append(all[k], v...)
		}
	}
	body, kind := strings.NewReader(all.Encode()), "application/x-www-form-urlencoded"
	if f.file != nil {
		body, kind = f.file.encode(all)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.action, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	return b.page(req)
}

// encode is the form as multipart/form-data, the file last (RFC 7578).
func (u *upload) encode(values url.Values) (*strings.Reader, string) {
	var b strings.Builder
	w := multipart.NewWriter(&b)
	for k, all := range values {
		for _, v := range all {
			_ = w.WriteField(k, v) // a Builder takes everything
		}
	}
	part, _ := w.CreateFormFile(u.field, u.name)
	_, _ = part.Write(u.content)
	_ = w.Close()
	return strings.NewReader(b.String()), w.FormDataContentType()
}

func (b *browser) page(req *http.Request) (*form, error) {
	res, err := b.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("open page: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	if res.StatusCode == http.StatusUnprocessableEntity {
		return nil, errWrong
	}
	if res.StatusCode >= 400 && res.StatusCode < 500 {
		return nil, errNoForm // the member was erased, say, or the question is over
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("open page: %s", res.Status)
	}
	root, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") {
			f, err := readForm(n, res.Request.URL)
			if err == nil {
				f.text = textOf(root)
			}
			return f, err
		}
	}
	return nil, errNoForm
}

func readForm(n *html.Node, at *url.URL) (*form, error) {
	to, err := at.Parse(attr(n, "action"))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	f := &form{action: to.String(), hidden: url.Values{}}
	for c := range n.Descendants() {
		if c.Type != html.ElementNode || attr(c, "name") == "" {
			continue
		}
		name, kind, value := attr(c, "name"), attr(c, "type"), attr(c, "value")
		switch {
		case c.Data == "textarea":
			f.fields = append(f.fields, field{name, "text", nil})
		case c.Data == "input" && kind == "hidden":
			f.hidden.Add(name, value)
		case c.Data == "input" && (kind == "radio" || kind == "checkbox"):
			f.option(name, kind, value)
		case c.Data == "input" && kind == "file":
			f.fields = append(f.fields, field{name, "file", nil})
		case c.Data == "input":
			f.fields = append(f.fields, field{name, "text", nil})
		}
	}
	return f, nil
}

func textOf(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (f *form) option(name, kind, value string) {
	for i := range f.fields {
		if f.fields[i].name == name {
			f.fields[i].values = append(f.fields[i].values, value)
			return
		}
	}
	f.fields = append(f.fields, field{name, kind, []string{value}})
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
