package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed catalog/*/*.yaml
var files embed.FS

// catalog is every message of every language, and what was wrong with the files.
type catalog struct {
	entries  map[string]map[string]message // by language, then by key
	problems []string
}

// catalogs reads the embedded files once. Their problems are kept and not raised: a test refuses them, so they cannot ship,
// and a running process is not stopped by a wrong word.
var catalogs = sync.OnceValue(func() *catalog { return load(files) })

func load(fsys fs.FS) *catalog {
	c := &catalog{entries: map[string]map[string]message{}}
	for _, lang := range languages {
		c.entries[lang] = map[string]message{}
		names, _ := fs.Glob(fsys, path.Join("catalog", lang, "*.yaml"))
		for _, name := range names {
			c.file(fsys, lang, name)
		}
	}
	return c
}

func (c *catalog) file(fsys fs.FS, lang, name string) {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		c.problem(name, "read: %v", err)
		return
	}
	var entries yaml.MapSlice // keeps duplicates out and the order of the file
	if err := yaml.Unmarshal(source, &entries); err != nil {
		c.problem(name, "%v", err)
		return
	}
	for _, e := range entries {
		c.entry(lang, name, e)
	}
}

func (c *catalog) entry(lang, name string, e yaml.MapItem) {
	key, ok := e.Key.(string)
	if !ok {
		c.problem(name, "key %v is not text", e.Key)
		return
	}
	if _, taken := c.entries[lang][key]; taken {
		c.problem(name, "%s is already in another file", key)
		return
	}
	m, err := parseMessage(e.Value)
	if err != nil {
		c.problem(name, "%s: %v", key, err)
		return
	}
	c.entries[lang][key] = m
}

func (c *catalog) problem(name, format string, args ...any) {
	c.problems = append(c.problems, name+": "+fmt.Sprintf(format, args...))
}

// placeholders returns the sorted names that the message takes from its arguments.
func (m message) placeholders() []string {
	var names []string
	for _, t := range m {
		for _, p := range t {
			if p.name != "" && !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
	}
	slices.Sort(names)
	return names
}
