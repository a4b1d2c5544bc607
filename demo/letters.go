package demo

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/demo/recordings"
)

// letter plans the answer to a mail: the page behind its button, as far as the page goes on asking.
func (c *Crowd) letter(a *actor, m sandbox.Mail) {
	link := surveyLink(m, c.Base)
	chance := a.Character.Answers
	if task(m.Subject()) {
		chance = a.Character.Speaks
	}
	if link == "" || a.r.Float64() > chance {
		return
	}
	c.later(a, func(ctx context.Context) error { return c.answerOnPages(ctx, a, link) })
}

func (c *Crowd) answerOnPages(ctx context.Context, a *actor, link string) error {
	f, err := a.browser.open(ctx, link)
	for range 12 {
		if errors.Is(err, errNoForm) || errors.Is(err, errWrong) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(f.fields) == 0 || a.r.Float64() > a.Character.Answers {
			return nil
		}
		f, err = a.browser.send(ctx, f, c.fillIn(a, f))
	}
	return nil
}

// fillIn answers a page's question by the kind of its field.
func (c *Crowd) fillIn(a *actor, f *form) url.Values {
	x := f.fields[0]
	values := url.Values{}
	switch {
	case x.kind == "file":
		rec := pick(a.r, recordings.Voices(a.Language))
		f.file = &upload{x.name, rec.Name, rec.Content}
	case x.kind == "radio" && len(x.values) == 11:
		values.Set(x.name, strconv.Itoa(score(a.r)))
	case x.kind == "radio" || x.kind == "checkbox":
		values.Set(x.name, pick(a.r, x.values))
	default:
		values.Set(x.name, typed(a.r, a.Language, strings.ToLower(f.text)))
	}
	return values
}
