package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// Parse reads a command line. grammar is a pointer to kong's struct of commands, each of which may embed Config;
// the one of the selected command is filled from flags, environment, file and defaults, with what follows from them.
//
// The caller still calls Check, after it has set what its command fixes (a worker's Roles), and then the context's Run.
func Parse(grammar any, args []string, options ...kong.Option) (*kong.Context, error) {
	r := &resolver{}
	parser, err := kong.New(grammar, append([]kong.Option{kong.Resolvers(r), kong.ValueFormatter(describe)}, options...)...)
	if err != nil {
		return nil, err
	}
	if err := dashedSecret(args); err != nil {
		return nil, err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return nil, err
	}
	if c := find(ctx); c != nil {
		return ctx, c.complete(ctx, r)
	}
	return ctx, nil
}

// dashedSecret finds a secret that begins with a dash and stands after its flag as a word of its own. Kong takes it for a flag, and would print it in its error.
func dashedSecret(args []string) error {
	for i, arg := range args[:max(0, len(args)-1)] {
		for _, s := range (&Config{}).secrets() {
			if arg == "--"+s.name && strings.HasPrefix(args[i+1], "-") {
				return fmt.Errorf("%[1]s: a value that begins with a dash is written after an equals sign: %[1]s=…", arg)
			}
		}
	}
	return nil
}

// complete reads secret files, derives, and notes where each value came from.
func (c *Config) complete(ctx *kong.Context, r *resolver) error {
	for _, path := range ctx.Path {
		if path.Flag != nil && !path.Resolved {
			c.setSource(path.Flag.Name, "flag")
		}
	}
	for name, source := range r.sources {
		c.setSource(name, source)
	}
	err := c.readSecrets()
	if err = errors.Join(err, c.readWebhooks(webhookSettings(r.file, os.Environ()))); err != nil {
		return err
	}
	c.derive()
	return nil
}

// find returns the Config of the selected command, or of the nearest node above it that has one.
func find(ctx *kong.Context) *Config {
	for i := len(ctx.Path) - 1; i >= 0; i-- {
		node := ctx.Path[i].Node()
		if node == nil || !node.Target.IsValid() {
			continue
		}
		if c := within(node.Target); c != nil {
			return c
		}
	}
	return nil
}

func within(v reflect.Value) *Config {
	v = reflect.Indirect(v)
	if v.Kind() != reflect.Struct {
		return nil
	}
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if c, ok := v.Field(i).Addr().Interface().(*Config); ok {
			return c
		}
	}
	return nil
}

// Variable returns the environment variable of a setting: "data-dir" is KRUZHOK_DATA_DIR.
func Variable(name string) string {
	return "KRUZHOK_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// names are the settings, as flags spell them, in the order of Config.
var names = func() (all []string) {
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("name"); name != "" {
			all = append(all, name)
		}
	}
	return all
}()

func isSetting(name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// describe adds the variable to the help of a setting.
func describe(v *kong.Value) string {
	if v.Flag == nil || !isSetting(v.Name) {
		return kong.DefaultHelpValueFormatter(v)
	}
	return strings.TrimSuffix(v.Help, ".") + " ($" + Variable(v.Name) + ")."
}

// resolver gives kong the values that are not on the command line. Kong's own variables would be overridden by its own files,
// so both are read here, in the right order. An empty variable counts as not set: compose files leave such behind.
type resolver struct {
	read    bool
	file    map[string]string
	sources map[string]string
}

// Validate has nothing to check: the file's names are checked as it is read.
func (r *resolver) Validate(*kong.Application) error { return nil }

// Resolve returns the value of one setting, or nil.
func (r *resolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(flag.Name) {
		return nil, nil
	}
	if !r.read {
		r.read = true
		if err := r.open(configFile(ctx)); err != nil {
			return nil, err
		}
	}
	if value := os.Getenv(Variable(flag.Name)); value != "" {
		r.sources[flag.Name] = "env"
		return value, nil
	}
	if value, ok := r.file[flag.Name]; ok {
		r.sources[flag.Name] = "file"
		return value, nil
	}
	return nil, nil
}

func (r *resolver) open(path string) (err error) {
	r.sources = map[string]string{}
	if path != "" {
		r.file, err = readFile(path)
	}
	return err
}

func configFile(ctx *kong.Context) string {
	for _, path := range ctx.Path {
		if path.Flag != nil && path.Flag.Name == "config" {
			return fmt.Sprint(ctx.FlagValue(path.Flag))
		}
	}
	return os.Getenv(Variable("config"))
}

// wrapPath says which setting named a file that cannot be read. It leaves out the path: it may be the secret itself, put into the wrong variable.
func wrapPath(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s: read the named file: %w", Variable(name), err)
}
