package look

import "html/template"

// icons are drawn on 20 × 20 with a line of 1.5; their colour is the text's.
var icons = map[string]string{
	"today":     `<circle cx="10" cy="10" r="6.5"/><path d="M10 6.5V10l2.5 1.5"/>`,
	"campaigns": `<circle cx="5" cy="4.5" r="2"/><circle cx="5" cy="15.5" r="2"/><circle cx="15" cy="10" r="2"/><path d="M5 6.5v7M5 10h8"/>`,
	"members":   `<circle cx="7.5" cy="7" r="3"/><path d="M2 16.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5M13 4.2a3 3 0 0 1 0 5.6M15 12.4c1.7.6 2.7 2 3 4.1"/>`,
	"sandbox":   `<path d="M5 2.5h10M5 17.5h10M6 2.5c0 4 3 5 4 7.5 1-2.5 4-3.5 4-7.5M6 17.5c0-4 3-5 4-7.5 1 2.5 4 3.5 4 7.5"/>`,
	"survey":    `<path d="M4 5.5h12M4 10h8M4 14.5h5"/>`,
	"challenge": `<path d="M5 17.5V3M5 4c3-1.500 6 1.500 10 0v7c-4 1.500-7-1.500-10 0"/>`,
	"warning":   `<path d="M10 3L18 16.500H2zM10 8v4M10 14.200v.1"/>`,
	"clock":     `<circle cx="10" cy="10" r="7"/><path d="M10 6v4l2.500 2"/>`,
	"message":   `<path d="M3 4.500h14v9.500H9l-4 3v-3H3z"/>`,
	"letter":    `<path d="M2.5 4.5h15v11h-15zM2.5 5.5l7.5 6 7.5-6"/>`,
	"check":     `<path d="M4 10.500l4 4 8-9"/>`,
	"cross":     `<path d="M5 5l10 10M15 5L5 15"/>`,
	"arrow":     `<path d="M4 10h12M11 5l5 5-5 5"/>`,
	"pencil":    `<path d="M4 16l.8-3.500L13.500 4 16 6.500 7.500 15z"/>`,
	"play":      `<path d="M7 4.500l8.500 5.500L7 15.500z" fill="currentColor"/>`,
	"pause":     `<path d="M7 4.500v11M13 4.500v11"/>`,
	"stop":      `<rect x="5.500" y="5.500" width="9" height="9" rx="1.500"/>`,
	"mic":       `<rect x="7.500" y="2.500" width="5" height="9" rx="2.500"/><path d="M4.500 9.500a5.500 5.500 0 0 0 11 0M10 15v2.500"/>`,
	"camera":    `<circle cx="10" cy="10" r="7"/><circle cx="10" cy="10" r="3"/>`,
	"send":      `<path d="M3 10l14-6.500L12 17l-2.500-5z"/>`,
	"clip":      `<path d="M15.500 9.500L9.700 15.300a3.500 3.500 0 0 1-5-5L11 4a2.300 2.300 0 0 1 3.300 3.300l-6 6a1.100 1.100 0 0 1-1.600-1.600L12 6.400"/>`,
	"photo":     `<rect x="2.500" y="4" width="15" height="12" rx="1.500"/><circle cx="7" cy="8.500" r="1.500"/><path d="M3 14.500l4.500-4 3 2.500 2.500-2 4 3.500"/>`,
	"file":      `<path d="M5 2.500h6.500l4 4v11H5zM11.500 2.500v4h4"/>`,
	"menu":      `<path d="M3 6h14M3 10h14M3 14h14"/>`,
	"more":      `<path d="M5 10h.1M10 10h.1M15 10h.1"/>`,
	"reply":     `<path d="M8 5L3 9.500 8 14M3.500 9.500H12c3 0 5 2 5 5.500"/>`,
	"smile":     `<circle cx="10" cy="10" r="7"/><path d="M7 12c1.500 2 4.500 2 6 0M7.500 8v.1M12.500 8v.1"/>`,
	"phone":     `<rect x="5.500" y="2" width="9" height="16" rx="2"/><path d="M9 15.500h2"/>`,
	"search":    `<circle cx="9" cy="9" r="5.500"/><path d="M13 13l4 4"/>`,
	"download":  `<path d="M10 3v9M6 8.500l4 4 4-4M3.500 16.500h13"/>`,
	"repeat":    `<path d="M4 9a6 6 0 0 1 10.500-3.500L16 7M16 3.500V7h-3.500M16 11a6 6 0 0 1-10.500 3.500L4 13M4 16.500V13h3.500"/>`,
	"star":      `<path d="M10 3l2.100 4.600 5 .6-3.700 3.400 1 4.900-4.400-2.500-4.400 2.500 1-4.900L2.900 8.200l5-.6z"/>`,
	"branch":    `<path d="M5 3v14M5 8c0 4 8 2 8 7v2"/>`,
	"tag":       `<path d="M3 3h7l7 7-7 7-7-7zM7 7h.1"/>`,
	"bell":      `<path d="M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.500 17.500h3"/>`,
	"flag":      `<path d="M5 17.500V3h9l-2 3.500 2 3.500H5"/>`,
	"sun":       `<circle cx="10" cy="10" r="3.500"/><path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.300 4.300l1.400 1.400M14.300 14.300l1.400 1.400M15.700 4.300l-1.400 1.400M5.700 14.300l-1.400 1.400"/>`,
	"moon":      `<path d="M16 12a6.500 6.500 0 0 1-8-8 6.500 6.500 0 1 0 8 8z"/>`,
	"auto":      `<circle cx="10" cy="10" r="6.500"/><path d="M10 3.500v13a6.500 6.500 0 0 0 0-13z" fill="currentColor"/>`,
	"leave":     `<path d="M8 3.500H4v13h4M9 10h8M13.500 6.500L17 10l-3.500 3.500"/>`,
	"lock":      `<rect x="4" y="9" width="12" height="8" rx="1.500"/><path d="M7 9V6a3 3 0 0 1 6 0v3"/>`,
	"link":      `<path d="M8.500 11.500a3 3 0 0 0 4.200 0l3-3a3 3 0 0 0-4.200-4.200l-1 1M11.500 8.500a3 3 0 0 0-4.200 0l-3 3a3 3 0 0 0 4.200 4.200l1-1"/>`,
}

// Icon draws an icon beside text that says the same: it is hidden from those who listen. An unknown name draws nothing.
func Icon(name string) template.HTML { return drawn(name, "icon") }

// SmallIcon is Icon at 16 pixels.
func SmallIcon(name string) template.HTML { return drawn(name, "icon icon-s") }

// drawn puts constants of this file together, so it is markup that needs no escaping.
func drawn(name, class string) template.HTML {
	body, ok := icons[name]
	if !ok {
		return ""
	}
	return template.HTML(`<svg class="` + class + `" viewBox="0 0 20 20" aria-hidden="true">` + body + `</svg>`)
}
