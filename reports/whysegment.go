package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// bySegment says whether the member is in the segment now, and of one who is, why that brought them in nowhere.
func (e *explainer) bySegment(ctx context.Context, entry *definition.Entry) ([]WhyLine, error) {
	in := definition.Condition{Subject: definition.SubjectSegment, Name: string(entry.Segment)}
	f, err := e.facts(ctx, &in)
	if err != nil {
		return nil, err
	}
	args := map[string]any{"segment": e.r.segmentName(ctx, entry.Segment, e.lang)}
	if !in.Holds(f) {
		lines := []WhyLine{e.line(WhyEntry, nil, "why.not.segment", args)}
		if who := f.Segments[entry.Segment]; who != nil {
			said, err := e.audience(ctx, who, "why.not.audience_holds")
			return append(lines, said...), err
		}
		return lines, nil
	}
	told, err := e.refused(ctx)
	if err != nil || len(told) > 0 {
		return told, err
	}
	return e.inSegment(ctx, entry, args)
}

// inSegment is about a member whom the segment's condition holds for, and who was not refused.
func (e *explainer) inSegment(ctx context.Context, entry *definition.Entry, args map[string]any) ([]WhyLine, error) {
	if !entry.Listens() {
		return []WhyLine{e.line(WhyEntry, nil, "why.not.segment_after", args)}, nil
	}
	w, err := e.r.store.WatchOf(ctx, entry.Segment)
	if err != nil {
		return nil, err
	}
	if w != nil {
		since, err := e.r.store.ListedSince(ctx, w.ID, e.p.Member.ID)
		if err != nil {
			return nil, err
		}
		if since != nil {
			args["at"] = e.when(*since)
			return []WhyLine{e.line(WhyEntry, since, "why.not.segment_before", args)}, nil
		}
	}
	return []WhyLine{e.line(WhyEntry, nil, "why.not.segment_soon", args)}, nil
}
