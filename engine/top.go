package engine

import (
	"context"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// topLines is how many places the chat shows.
const topLines = 10

// top is the standings of the challenge that the member entered last: the first places, and their own.
func (e *Engine) top(ctx context.Context, lang campaigns.Lang, p *store.Profile) (string, error) {
	id, ok, err := e.Store.LatestWith(ctx, p.ID, string(definition.Challenge))
	if err != nil {
		return "", err
	}
	if !ok {
		return text(lang, "bot.top_none", nil), nil
	}
	c, err := e.Store.Campaign(ctx, id)
	if err != nil {
		return "", err
	}
	places, err := e.Store.Standings(ctx, id, 0, topLines)
	if err != nil {
		return "", err
	}
	head := "<b>" + html.EscapeString(c.Name) + "</b>\n\n"
	if len(places) == 0 {
		return head + text(lang, "bot.top_empty", nil), nil
	}
	if places, err = e.withOwn(ctx, id, p.ID, places); err != nil {
		return "", err
	}
	lines, err := e.topList(ctx, lang, p.ID, places)
	return head + lines + "\n\n<i>" + text(lang, "standings.rule", nil) + "</i>", err
}

// withOwn adds the member's own place where it is below those shown.
func (e *Engine) withOwn(ctx context.Context, id campaigns.CampaignID, member campaigns.MemberID, places []store.Place) ([]store.Place, error) {
	if slices.ContainsFunc(places, func(x store.Place) bool { return x.Member == member }) {
		return places, nil
	}
	own, ok, err := e.Store.Standing(ctx, id, member)
	if ok {
		places = append(places, own)
	}
	return places, err
}

func (e *Engine) topList(ctx context.Context, lang campaigns.Lang, me campaigns.MemberID, places []store.Place) (string, error) {
	ids := make([]campaigns.MemberID, len(places))
	for i, x := range places {
		ids[i] = x.Member
	}
	profiles, err := e.Store.Profiles(ctx, ids)
	if err != nil {
		return "", err
	}
	var lines []string
	for i, x := range places {
		if i == topLines {
			lines = append(lines, "…")
		}
		name := shortName(lang, profiles[x.Member])
		points := locale.T(locale.Match(string(lang)), "bot.top_points", map[string]any{"n": x.Points})
		line := html.EscapeString(strconv.Itoa(x.Place) + ". " + name + " – " + points)
		if x.Member == me {
			line = "<b>" + line + "</b>"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

// shortName is how other members see one: the first name and the first letter of the last.
func shortName(lang campaigns.Lang, p *store.Profile) string {
	if p == nil || members.Shown(p.FirstName) == "" {
		return say(lang, "bot.top_nameless", nil)
	}
	name := clip(members.Shown(p.FirstName), 40)
	if r, size := utf8.DecodeRuneInString(members.Shown(p.LastName)); size > 0 {
		name += " " + string(r) + "."
	}
	return name
}
