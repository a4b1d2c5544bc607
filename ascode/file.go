package ascode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// File is the file of one campaign or one segment, without a problem.
type File struct {
	Path    string
	Source  []byte
	Format  definition.Format
	def     *definition.Definition // nil of a segment
	segment *definition.Segment
}

// readFile makes a file of its text, or returns what is wrong with it.
func readFile(path string, src []byte) (*File, []definition.Problem) {
	f := &File{Path: path, Source: src, Format: FormatOf(path)}
	var problems []definition.Problem
	if definition.IsSegment(src, f.Format) {
		f.segment, problems = definition.ParseSegment(src, f.Format)
	} else {
		f.def, problems = definition.Parse(src, f.Format)
	}
	return f, problems
}

// archivedName ends the name, before the extension, of a file whose campaign was archived where it was exported, and came along because others name it.
const archivedName = ".archived"

// Archived reports whether the path is of a campaign that was archived where it was exported: what names it needs its draft, and nobody is to enter it again. A
// plan never publishes it.
func Archived(path string) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, filepath.Ext(path)), archivedName)
}

// Segment reports whether the file is of a segment.
func (f *File) Segment() bool { return f.segment != nil }

// Key is the campaign's or the segment's key.
func (f *File) Key() string {
	if f.segment != nil {
		return string(f.segment.Key)
	}
	return string(f.def.Key)
}

// id tells a campaign from a segment with the same key.
func (f *File) id() string { return f.list() + "/" + f.Key() }

// uses are the campaigns and segments that the file names.
func (f *File) uses() []definition.Use {
	if f.segment != nil {
		return f.segment.Uses
	}
	return f.def.Named()
}

// names is the id of the campaign or the segment that is named at the place; empty: none is.
func (f *File) names(p Place) string {
	for _, u := range f.uses() {
		if u.Place.Line == p.Line && u.Place.Column == p.Column {
			return usedID(u)
		}
	}
	return ""
}

func usedID(u definition.Use) string {
	if u.Segment() {
		return segmentList + "/" + string(u.Key)
	}
	return campaignList + "/" + string(u.Key)
}

// Sentence is a problem in words.
func Sentence(p definition.Problem, lang string) string {
	return withHints(locale.T(lang, "problem."+p.Code, p.Args), p.Expected, p.DidYouMean, lang)
}

// withHints adds what was probably meant, and what may stand there, for a terminal.
func withHints(message, expected, meant, lang string) string {
	return difference.Harmless(locale.Hinted(lang, message, meant, expected))
}

// BadFiles are files with problems: a line for each, with its place as compilers write it.
type BadFiles struct {
	Lines []string
	Lang  string
}

// Error counts them; Lines tell them.
func (b *BadFiles) Error() string {
	return locale.T(b.Lang, "cli.files.problems", map[string]any{"n": len(b.Lines)})
}

func (b *BadFiles) add(path string, line, column int, sentence string) {
	told := fmt.Sprintf("%s:%d:%d: %s", path, line, column, sentence)
	if !slices.Contains(b.Lines, told) { // the service may say what was found here
		b.Lines = append(b.Lines, told)
	}
}

// FormatOf is how a file of the name is written: JSON where it ends so, else YAML.
func FormatOf(path string) definition.Format {
	if strings.EqualFold(filepath.Ext(path), ".json") {
		return definition.JSON
	}
	return definition.YAML
}

// Expand replaces each folder by the campaign files in it (.yaml, .yml, .json), by name. It does not go down into folders.
func Expand(paths []string, lang string) (out []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, unreadable(path, err, lang)
		}
		if !info.IsDir() {
			out = append(out, path)
			continue
		}
		inside, err := filesIn(path)
		if err != nil {
			return nil, unreadable(path, err, lang)
		}
		if len(inside) == 0 {
			return nil, errors.New(locale.T(lang, "cli.files.empty_folder", map[string]any{"file": path}))
		}
		out = append(out, inside...)
	}
	return out, nil
}

func filesIn(folder string) (out []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		ext := strings.ToLower(filepath.Ext(e.Name()))
		schema := strings.HasSuffix(e.Name(), ".schema.json") // stands beside the files, for editors
		if !e.IsDir() && !schema && !strings.HasPrefix(e.Name(), ".") && slices.Contains([]string{".yaml", ".yml", ".json"}, ext) {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	return out, err
}

// unreadable says why a file cannot be read, with the way out.
func unreadable(path string, err error, lang string) error {
	for cause, key := range map[error]string{fs.ErrNotExist: "missing", fs.ErrPermission: "forbidden", syscall.EISDIR: "folder"} {
		if errors.Is(err, cause) {
			return errors.New(locale.T(lang, "cli.files."+key, map[string]any{"file": path}))
		}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return errors.New(locale.T(lang, "cli.files.unreadable", map[string]any{"file": path, "cause": err}))
}

// ReadSource reads a file, but no more than a definition may have: a wrong name may be a film's.
func ReadSource(path, lang string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > definition.MaxBytes {
		return nil, errors.New(locale.T(lang, "cli.files.too_large", map[string]any{"file": path, "limit": definition.MaxBytes >> 10}))
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err, lang)
	}
	return src, nil
}

// Found is what is to be said of files of campaigns and segments, by path.
type Found struct {
	Problems map[string][]definition.Problem
	Warnings map[string][]definition.Problem // of files without a problem
	Service  map[string]bool                 // files of campaigns that members get who turned everything off too
}

// Check looks at files of campaigns and segments; at segments together too. With what it found it returns the error of two files with one key.
func Check(paths []string, lang string) (*Found, error) {
	found := &Found{Problems: map[string][]definition.Problem{}, Warnings: map[string][]definition.Problem{}, Service: map[string]bool{}}
	var files []*File
	for _, path := range paths {
		src, err := ReadSource(path, lang)
		if err != nil {
			return nil, err
		}
		f, problems := readFile(path, src)
		if found.Problems[path] = problems; len(problems) == 0 {
			files = append(files, f)
		}
		switch {
		case f.segment != nil:
			found.Warnings[path] = f.segment.Warnings
		case f.def != nil:
			found.Warnings[path], found.Service[path] = f.def.Warnings, f.def.Purpose == campaigns.Service
		}
	}
	together(files, func(f *File, p definition.Problem) { found.Problems[f.Path] = append(found.Problems[f.Path], p) })
	return found, twice(files, lang)
}

// twice is the error of two files that are of one campaign or segment.
func twice(files []*File, lang string) error {
	first := map[string]*File{}
	for _, f := range files {
		if other := first[f.id()]; other != nil {
			return errors.New(locale.T(lang, "cli.files.twice", map[string]any{"file": f.Path, "other": other.Path, "key": f.Key()}))
		}
		first[f.id()] = f
	}
	return nil
}

// ReadFiles reads and checks files and folders of them. All problems of all files come at once, as *BadFiles; two files of one campaign or segment are an error.
func ReadFiles(paths []string, lang string) ([]*File, error) {
	paths, err := Expand(paths, lang)
	if err != nil {
		return nil, err
	}
	var files []*File
	bad := &BadFiles{Lang: lang}
	for _, path := range paths {
		src, err := ReadSource(path, lang)
		if err != nil {
			return nil, err
		}
		f, problems := readFile(path, src)
		for _, p := range problems {
			bad.add(path, p.Line, p.Column, Sentence(p, lang))
		}
		if len(problems) == 0 {
			files = append(files, f)
		}
	}
	if err := twice(files, lang); err != nil {
		return nil, err
	}
	if len(bad.Lines) > 0 {
		return nil, bad
	}
	return files, nil
}

// Past is the one moment of a file's schedule, as it was typed, where it is past on every clock of the earth; empty otherwise.
func Past(path string, now time.Time) string {
	src, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	f, problems := readFile(path, src)
	if len(problems) > 0 || f.def == nil || f.def.Entry.Schedule == nil || f.def.Entry.Schedule.Recurs != nil {
		return ""
	}
	at := f.def.Entry.Schedule.At
	if now.Sub(at.In(time.UTC)) < 13*time.Hour { // the last zone is UTC-12, and within the hour nobody is asked
		return ""
	}
	return at.String()
}
