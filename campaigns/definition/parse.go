package definition

import (
	"crypto/sha256"
	"encoding/hex"
)

// Format is how a document is written.
type Format string

const (
	YAML Format = "yaml"
	JSON Format = "json"
)

// Limits of one document. They keep a hostile document from costing more than a fraction of a second.
const (
	MaxBytes    = 1 << 20 // of the source
	MaxDepth    = 48      // lists and mappings inside each other
	MaxNodes    = 50_000  // keys, values, lists and mappings together
	MaxSteps    = 1000    // nested steps included
	MaxProblems = 200     // reported at once
)

// Parse reads one document and checks all of it. It returns the definition, or the problems that stand in the way, sorted by their
// place; never both. What does not stand in its way are the definition's Warnings. It does not panic, whatever the input.
func Parse(src []byte, format Format) (*Definition, []Problem) { return parse(src, format, &sink{}) }

// ParseStored reads a document that was accepted once, as a published version was: what the language refuses only since then is taken as it was then.
func ParseStored(src []byte, format Format) (*Definition, []Problem) {
	return parse(src, format, &sink{stored: true})
}

func parse(src []byte, format Format, out *sink) (*Definition, []Problem) {
	text, ok := readSource(src, out)
	if !ok {
		return nil, out.sorted()
	}
	var d *Definition
	if root := readDocument(text, format, out); root != nil {
		d = check(text, expand(root, out), out)
	}
	if len(out.list) == 0 {
		settleUses(text, d.Uses)
		settleMentions(text, d.Mentions)
		d.Warnings = out.settledWarnings(text)
		return d, nil
	}
	for _, p := range out.list {
		p.Place = text.settle(p.Place)
	}
	return nil, out.sorted()
}

// settledWarnings are those that were noted, by their places.
func (s *sink) settledWarnings(text *source) []Problem {
	for _, p := range s.warnings {
		p.Place = text.settle(p.Place)
	}
	return byPlace(s.warnings)
}

// check makes the definition from the tree and looks at it as a whole.
func check(text *source, root *node, out *sink) *Definition {
	r := &reader{text: text, out: out, d: &Definition{}, doubted: map[string]string{}}
	if !r.campaign(root) {
		return r.d
	}
	r.nameSteps()
	r.expiries()
	r.linkSteps()
	r.noteRepeats()
	r.checkEscalations()
	r.checkGotos()
	if r.gotosFound && !r.gaps {
		r.checkRounds()
		r.checkReach()
		r.checkCycles()
	}
	r.saved = savedAnswers(r.d, out)
	r.called = namedCalls(r.d)
	r.checkConditions()
	r.checkOwnWords()
	r.checkOwn()
	r.checkMoved()
	r.checkTexts()
	r.doubtAttributes()
	r.d.Uses, r.d.Mentions = r.uses, r.mentions
	return r.d
}

// SourceHash names the exact bytes of a document: SHA-256 in lower-case hex.
func SourceHash(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}
