package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/engine"
)

// Explanation says whom a segment holds, in plain words.
type Explanation struct {
	Sentence string          `json:"sentence" doc:"For whom the condition holds, in the asked language"`
	List     explain.Part    `json:"list" doc:"The same as a list of what has to hold"`
	Name     string          `json:"name" doc:"Of the segment, in the asked language"`
	Segments []campaigns.Key `json:"segments" nullable:"false" doc:"The segments that the condition names itself"`
}

// Explain says a segment's document in words; campaigns and segments that it names are called by their names. Scope campaigns:read.
func (r *Reports) Explain(ctx context.Context, p engine.Principal, d engine.Draft, lang string) (*Explanation, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return nil, err
	}
	s, err := engine.ParseStoredSegment(d)
	if err != nil {
		return nil, err
	}
	w, err := r.words(ctx, s.Uses, lang)
	if err != nil {
		return nil, err
	}
	out := &Explanation{Sentence: w.Sentence(&s.Who), List: w.Parts(&s.Who), Name: s.NameIn(campaigns.Lang(lang)), Segments: []campaigns.Key{}}
	for _, u := range s.Uses {
		if u.Segment() {
			out.Segments = append(out.Segments, u.Key)
		}
	}
	return out, nil
}

// Words explain a campaign's conditions and rules, and know the names of what the campaign names. Scope campaigns:read.
func (r *Reports) Words(ctx context.Context, p engine.Principal, d *definition.Definition, lang string) (explain.Words, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return explain.Words{}, err
	}
	w, err := r.words(ctx, d.Named(), lang)
	return w.About(d), err
}

// words know the names of what is used.
func (r *Reports) words(ctx context.Context, uses []definition.Use, lang string) (explain.Words, error) {
	called := map[bool]map[campaigns.Key]string{true: {}, false: {}} // by whether it is a segment
	for _, u := range uses {
		if u.Segment() {
			continue
		}
		if c, err := r.store.CampaignByKey(ctx, u.Key); err == nil { // one that is gone is called by its key
			called[false][u.Key] = nameIn(c, lang)
		}
	}
	if len(called[false]) < len(uses) {
		rows, err := r.store.Segments(ctx)
		if err != nil {
			return explain.Words{}, err
		}
		for _, row := range rows {
			called[true][row.Key] = SegmentName(row, lang)
		}
	}
	name := func(segment bool) func(campaigns.Key) string {
		return func(key campaigns.Key) string { return called[segment][key] }
	}
	return explain.Words{Lang: lang, Campaign: name(false), Segment: name(true)}, nil
}

// SegmentName is what the segment is called in the language.
func SegmentName(row *engine.Segment, lang string) string {
	s, problems := definition.ParseStoredSegment([]byte(row.Source), definition.Format(row.Format))
	if len(problems) > 0 {
		return row.Name
	}
	return s.NameIn(campaigns.Lang(lang))
}

// segmentName is what the saved segment is called; one that is gone is called by its key.
func (r *Reports) segmentName(ctx context.Context, key campaigns.Key, lang string) string {
	row, err := r.store.Segment(ctx, key)
	if err != nil {
		return string(key)
	}
	return SegmentName(row, lang)
}
