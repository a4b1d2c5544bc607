package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	botMaxForm   = 1 << 20
	botMaxUpload = 50 << 20
)

// botParams are the parameters of one call, from the query, a form, a multipart form or a JSON object (Bot API "Making requests").
type botParams struct {
	values url.Values
	files  map[string]botUpload
}

// botUpload is one uploaded file.
type botUpload struct {
	name    string
	content []byte
}

func (p botParams) get(k string) string { return p.values.Get(k) }

func (p botParams) has(k string) bool { _, ok := p.values[k]; return ok }

func (p botParams) int64(k string) int64 {
	n, err := strconv.ParseInt(p.get(k), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p botParams) bool(k string) bool {
	v := strings.ToLower(p.get(k))
	return v == "true" || v == "1" || v == "yes" || v == "t"
}

func readBotParams(w http.ResponseWriter, r *http.Request) (botParams, *botError) {
	p := botParams{values: url.Values{}}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	limit := int64(botMaxForm)
	if kind == "multipart/form-data" {
		limit = botMaxUpload + botMaxForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	var err error
	switch kind {
	case "multipart/form-data":
		err = p.readMultipart(r)
	case "application/json":
		err = p.readJSON(r.Body)
	default:
		err = p.readForm(r.Body)
	}
	if r.URL.RawQuery != "" {
		for k, v := range r.URL.Query() {
			p.values[k] = v
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return p, &botError{code: 413, text: "Request Entity Too Large"}
	case err != nil:
		return p, botBad("can't parse the request")
	}
	return p, nil
}

func (p *botParams) readForm(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil || len(body) == 0 {
		return err
	}
	p.values, err = url.ParseQuery(string(body))
	return err
}

// readJSON keeps strings as they are and everything else as its JSON, which is what the other encodings carry.
func (p *botParams) readJSON(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	for k, raw := range fields {
		var s string
		switch {
		case string(raw) == "null":
			continue
		case json.Unmarshal(raw, &s) != nil:
			s = string(raw)
		}
		p.values.Set(k, s)
	}
	return nil
}

func (p *botParams) readMultipart(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	p.files = map[string]botUpload{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if name := part.FileName(); name != "" {
			p.files[part.FormName()] = botUpload{name: name, content: content}
		} else {
			p.values.Set(part.FormName(), string(content))
		}
	}
}

// botQuote is s as a JSON string.
func botQuote(s string) string {
	out, _ := json.Marshal(s) // strings always encode
	return string(out)
}
