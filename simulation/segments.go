package simulation

import (
	"context"
	"errors"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// makeSegments makes the segments, each after those that it names itself. One that cannot be made is not there: publication tells a campaign that names it.
func (s *stage) makeSegments(ctx context.Context) error {
	for left := s.plan.Segments; len(left) > 0; {
		var wait []engine.Draft
		s.unmade = map[campaigns.Key]*fault.Error{}
		for _, draft := range left {
			_, err := s.engine.CreateSegment(ctx, engine.Operator, draft)
			var f *fault.Error
			switch {
			case errors.As(err, &f) && f.Kind == fault.Invalid:
				wait = append(wait, draft)
				s.cannotMake(draft, f)
			case err != nil:
				return err
			}
		}
		if len(wait) == len(left) {
			return nil
		}
		left = wait
	}
	return nil
}

func (s *stage) cannotMake(draft engine.Draft, why *fault.Error) {
	if segment, err := engine.ParseStoredSegment(draft); err == nil { // else it is known by no name
		s.unmade[segment.Key] = why
	}
}

// withCauses adds to a campaign's problems why segments that it names are not there. Lines are not told: they are those of another document.
func (s *stage) withCauses(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	var causes []fault.Detail
	told := map[campaigns.Key]bool{}
	for _, d := range f.Details {
		text, _ := d.Args["key"].(string)
		key := campaigns.Key(text)
		if d.Code != "unknown_segment" || s.unmade[key] == nil || told[key] {
			continue
		}
		told[key] = true
		for _, cause := range s.unmade[key].Details {
			cause.Path, cause.Line, cause.Column = "segments."+text+"."+cause.Path, 0, 0
			causes = append(causes, cause)
		}
	}
	return f.With(causes...)
}
