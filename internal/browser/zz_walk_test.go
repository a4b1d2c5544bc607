package browser

import (
	"os"
	"path/filepath"
	"testing"
	"time"
	"fmt"
)

func TestWalk(t *testing.T) {
	base, out := os.Getenv("WALK_URL"), os.Getenv("WALK_OUT")
	if base == "" { t.Skip() }
	b := Start(t)
	views := map[string]View{
		"en-light": {}, "ru-dark": {Dark: true, Lang: "ru"}, "ru-phone": {Phone: true, Lang: "ru"}, "en-phone-dark": {Phone: true, Dark: true},
	}
	over := func(tab *Tab, what string) {
		if s := Eval[string](tab, `(()=>{const w=document.documentElement.clientWidth; const bad=[...document.querySelectorAll('body *')].filter(e=>{const r=e.getBoundingClientRect();return r.width>0&&r.right>w+1&&!e.closest('.scroll,[class*=scroll],table')}).map(e=>e.tagName+'.'+e.className+':'+Math.round(e.getBoundingClientRect().right)); return document.documentElement.scrollWidth>w? 'OVERFLOW '+document.documentElement.scrollWidth+'>'+w+' '+bad.slice(0,5).join(' '):''})()`); s != "" {
			fmt.Println(what, s)
		}
	}
	all := func(name string, paths ...string) {
		for v, view := range views {
			for i, p := range paths {
				tab := b.Open(t, base+p, view)
				time.Sleep(200*time.Millisecond)
				over(tab, name+" "+v+" "+p)
				tab.Screenshot(filepath.Join(out, fmt.Sprintf("%s-%d-%s.png", name, i, v)))
			}
		}
	}
	if os.Getenv("WALK_BEFORE")!="" { all("before", "/console", "/console/dead-letters", "/console/campaigns/fourteen-days", "/console/campaigns") }
	tab := b.Open(t, base+"/console", View{})
	for _, s := range []string{"telegram", "email", "all"} {
		sel := fmt.Sprintf(`form[action="/console/switches/%s/trip"] button, button[formaction="/console/switches/%s/trip"]`, s, s)
		if Eval[bool](tab, `!!document.querySelector('details:not([open])')`) {
			fmt.Println("details closed:", Eval[string](tab, `document.querySelector('details:not([open])').innerText`))
			tab.Do(`document.querySelectorAll('details').forEach(d=>d.open=true)`)
		}
		tab.Click(sel)
		tab.Wait(fmt.Sprintf(`document.querySelector('[action="/console/switches/%s/release"],[formaction="/console/switches/%s/release"]')`, s, s))
		fmt.Println("tripped", s)
	}
	tab.Go(base+"/console/campaigns/fourteen-days")
	tab.Click(`[action="/console/campaigns/fourteen-days/pause"] button`)
	tab.Wait(`document.querySelector('[action="/console/campaigns/fourteen-days/resume"]')`)
	all("on", "/console", "/console/campaigns/fourteen-days", "/console/campaigns")
	tab.Click(`[action="/console/campaigns/fourteen-days/resume"] button`)
	tab.Wait(`document.querySelector('[action="/console/campaigns/fourteen-days/pause"]')`)
	tab.Go(base+"/console")
	for _, s := range []string{"telegram", "all", "email"} {
		tab.Click(fmt.Sprintf(`[action="/console/switches/%s/release"] button`, s))
		tab.Wait(fmt.Sprintf(`!document.querySelector('[action="/console/switches/%s/release"]')`, s))
		fmt.Println("released", s)
	}
	all("after", "/console")
}

func (t *Tab) Do(js string) { Eval[bool](t, `(()=>{`+js+`;return true})()`) }
