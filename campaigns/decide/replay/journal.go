package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Journal is what was decided about some members in one campaign.
type Journal struct {
	// Decider is the decide.Version by which it was decided.
	Decider int `json:"decider"`
	// Versions are the campaign's documents, by version.
	Versions map[int]string `json:"versions"`
	Lives    []Life         `json:"lives"`
}

// Life is one passage, decision after decision.
type Life struct {
	// Passage names it; no two of a journal have one name.
	Passage   string     `json:"passage"`
	Decisions []Decision `json:"decisions"`
}

// Write writes the journal, one decision a line. Where a passage stood is left out where the decision before left it there.
func (j *Journal) Write() ([]byte, error) {
	var b bytes.Buffer
	head, err := json.MarshalIndent(j.Versions, " ", " ")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\n \"decider\": %d,\n \"versions\": %s,\n \"lives\": [", j.Decider, head)
	for i, l := range j.Lives {
		name, err := json.Marshal(l.Passage)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s\n  {\"passage\": %s, \"decisions\": [", comma(i), name)
		for n, d := range l.Decisions {
			if n > 0 && d.Before.same(l.Decisions[n-1].After) {
				d.Before = nil
			}
			line, err := json.Marshal(d)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "%s\n   %s", comma(n), line)
		}
		b.WriteString("\n  ]}")
	}
	b.WriteString("\n ]\n}\n")
	return b.Bytes(), nil
}

func comma(i int) string {
	if i > 0 {
		return ","
	}
	return ""
}

func (s *Standing) same(o Standing) bool {
	a, errA := json.Marshal(s)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// ReadJournal reads what Write wrote.
func ReadJournal(b []byte) (*Journal, error) {
	j := &Journal{}
	if err := json.Unmarshal(b, j); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	for _, l := range j.Lives {
		for n := range l.Decisions {
			d := &l.Decisions[n]
			switch {
			case d.Before != nil:
			case n == 0:
				return nil, fmt.Errorf("read journal: passage %s does not say where it began", l.Passage)
			default:
				before := l.Decisions[n-1].After
				d.Before = &before
			}
		}
	}
	return j, nil
}

// Replay decides everything again. The journal that it returns has the same bytes, unless something else is decided now.
func (j *Journal) Replay() (*Journal, error) {
	versions := map[int]*definition.Definition{}
	for n, src := range j.Versions {
		d, problems := definition.ParseStored([]byte(src), definition.YAML)
		if len(problems) > 0 {
			return nil, fmt.Errorf("replay: version %d: %s at line %d", n, problems[0].Code, problems[0].Line)
		}
		versions[n] = d
	}
	out := &Journal{Decider: decide.Version, Versions: j.Versions}
	for _, l := range j.Lives {
		again, err := l.replay(versions)
		if err != nil {
			return nil, fmt.Errorf("replay %s: %w", l.Passage, err)
		}
		out.Lives = append(out.Lives, again)
	}
	return out, nil
}

func (l Life) replay(versions map[int]*definition.Definition) (Life, error) {
	out := Life{Passage: l.Passage}
	for _, d := range l.Decisions {
		was, err := d.Input.was(versions)
		if err != nil {
			return out, err
		}
		if versions[d.Version] == nil {
			return out, fmt.Errorf("version %d is not in the journal", d.Version)
		}
		again, err := d.Again(versions[d.Version], was)
		if err != nil {
			return out, err
		}
		out.Decisions = append(out.Decisions, again)
	}
	return out, nil
}

// was is the definition that a move comes from; nil for every other input.
func (n Named) was(versions map[int]*definition.Definition) (*definition.Definition, error) {
	in, err := n.input()
	if err != nil {
		return nil, err
	}
	moved, ok := in.(*decide.Moved)
	if !ok {
		return nil, nil
	}
	if versions[moved.From] == nil {
		return nil, fmt.Errorf("version %d, which a passage was moved from, is not in the journal", moved.From)
	}
	return versions[moved.From], nil
}
