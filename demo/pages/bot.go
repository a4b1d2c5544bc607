package pages

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
)

// botView is what opens behind a link to the bot: in real life that is Telegram on the phone of whoever pressed it.
type botView struct {
	look.Frame
	Bot, Source string
	Phones      []personView
}

// phonesShown bounds the list; a new phone is always there.
const phonesShown = 12

func (p *Pages) openBot(c *gin.Context) error {
	v := botView{Frame: p.frame(c, "sandbox.bot.title"), Bot: c.Param("name"), Source: c.Query("start")}
	if !payload(v.Source) {
		return errInput
	}
	for _, x := range p.Lead.Everyone() {
		if x.Chat != 0 && len(v.Phones) < phonesShown {
			v.Phones = append(v.Phones, p.person(v.Lang, x))
		}
	}
	p.Look.Render(c, templates, http.StatusOK, "bot.html", v)
	return nil
}

// newPhone opens the link on the phone of somebody whom nobody knows yet.
func (p *Pages) newPhone(c *gin.Context) error {
	v := demo.Visitor{First: textOf(c, "name"), Language: c.PostForm("language"), Zone: demo.Zone, Source: c.PostForm("source")}
	if !name(v.First) || v.Language != "en" && v.Language != "ru" || !payload(v.Source) {
		return errInput
	}
	c.Redirect(http.StatusSeeOther, phonePath(chatOf(p.Lead.NewPhone(v))))
	return nil
}
