package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/decide"
)

func standing(e decide.Enrollment) (Standing, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return Standing{}, fmt.Errorf("write enrollment: %w", err)
	}
	s := Standing{State: e.State, Reason: e.Reason, Step: e.Step, Visit: e.Visit, Wait: e.Wait, Key: e.Key, Entered: e.Entered, Data: data}
	if e.Due != nil {
		due := *e.Due
		s.Due = &due
	}
	return s, nil
}

func (s *Standing) enrollment() (e decide.Enrollment, err error) {
	if err = json.Unmarshal(s.Data, &e); err != nil {
		return e, fmt.Errorf("read enrollment: %w", err)
	}
	e.State, e.Reason, e.Step, e.Visit, e.Wait, e.Key, e.Entered = s.State, s.Reason, s.Step, s.Visit, s.Wait, s.Key, s.Entered
	if s.Due != nil {
		due := *s.Due
		e.Due = &due
	}
	return e, nil
}

// facts writes the zone by its name; none is written as it is.
type facts struct {
	decide.Facts
	Zone *string
}

func writeFacts(f decide.Facts) (Facts, error) {
	w := facts{Facts: f}
	if f.Zone != nil {
		name := f.Zone.String()
		w.Zone = &name
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write facts: %w", err)
	}
	return b, nil
}

func readFacts(b Facts) (decide.Facts, error) {
	var r facts
	if err := json.Unmarshal(b, &r); err != nil {
		return r.Facts, fmt.Errorf("read facts: %w", err)
	}
	if r.Zone == nil {
		return r.Facts, nil
	}
	var err error
	if r.Facts.Zone, err = time.LoadLocation(*r.Zone); err != nil {
		return r.Facts, fmt.Errorf("read facts: %w", err)
	}
	return r.Facts, nil
}

func named(v any) (Named, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Named{}, fmt.Errorf("write %T: %w", v, err)
	}
	return Named{reflect.TypeOf(v).Elem().Name(), b}, nil
}

// Inputs makes every kind of input, by name.
var Inputs = map[string]func() decide.Input{
	"Start":       func() decide.Input { return &decide.Start{} },
	"Due":         func() decide.Input { return &decide.Due{} },
	"Delivered":   func() decide.Input { return &decide.Delivered{} },
	"Answered":    func() decide.Input { return &decide.Answered{} },
	"Begun":       func() decide.Input { return &decide.Begun{} },
	"Called":      func() decide.Input { return &decide.Called{} },
	"Happened":    func() decide.Input { return &decide.Happened{} },
	"Left":        func() decide.Input { return &decide.Left{} },
	"ZoneChanged": func() decide.Input { return &decide.ZoneChanged{} },
	"Moved":       func() decide.Input { return &decide.Moved{} },
}

func (n Named) input() (decide.Input, error) {
	empty, ok := Inputs[n.Kind]
	if !ok {
		return nil, fmt.Errorf("read input: none is called %q", n.Kind)
	}
	in := empty()
	d := json.NewDecoder(bytes.NewReader(n.Value))
	if n.Kind == "Happened" {
		d.UseNumber() // as the data of an event is read: an id has more digits than a float64 holds
	}
	if err := d.Decode(in); err != nil {
		return nil, fmt.Errorf("read %s: %w", n.Kind, err)
	}
	return in, nil
}
