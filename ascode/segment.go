package ascode

import (
	"net/url"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Campaigns and segments are kept by the same few calls, at different places.
const (
	campaignList = "/v1/campaigns"
	segmentList  = "/v1/segments"
)

func campaignPath(key string) string { return campaignList + "/" + url.PathEscape(key) }

func segmentPath(key string) string { return segmentList + "/" + url.PathEscape(key) }

// list is where the file's document is created.
func (f *File) list() string {
	if f.segment != nil {
		return segmentList
	}
	return campaignList
}

// text is where the service keeps the document: a campaign's draft, or the segment itself, which has none.
func (f *File) text() string {
	if f.segment != nil {
		return segmentPath(f.Key())
	}
	return campaignPath(f.Key()) + "/draft"
}

// checks is where the service looks at the document without keeping it.
func (f *File) checks() string {
	if f.segment != nil {
		return "/v1/segment-checks"
	}
	return "/v1/checks"
}

// absent and taken are the codes by which the service says that it has no such document, or another one meanwhile.
func (f *File) absent() string {
	if f.segment != nil {
		return "not_found.segment"
	}
	return "not_found.campaign"
}

func (f *File) taken() []string {
	if f.segment != nil {
		return []string{"conflict.segment", "conflict.segment_changed"}
	}
	return []string{"conflict.campaign", "conflict.draft"}
}

// saying is a catalog key for a campaign, or its like for a segment.
func (f *File) saying(key string) string {
	if f.segment != nil {
		return key + ".segment"
	}
	return key
}

// saved is the order in which documents are saved: drafts, which may name what is not there yet, then segments, each after those that it names.
func saved(items []*Item) (order []*Item) {
	segments := map[string]*Item{}
	for _, it := range items {
		if it.File.segment == nil {
			order = append(order, it)
		} else {
			segments[it.File.id()] = it
		}
	}
	var add func(*Item)
	add = func(it *Item) {
		if it == nil || slices.Contains(order, it) {
			return
		}
		delete(segments, it.File.id()) // a circle ends here; the service refuses it
		for _, u := range it.File.segment.Uses {
			if u.Segment() {
				add(segments[usedID(u)])
			}
		}
		order = append(order, it)
	}
	for _, it := range items {
		if it.File.segment != nil {
			add(it)
		}
	}
	return order
}

// together are the problems of segments among the files as they name each other: each alone looks well to a service that has none of them yet.
func together(files []*File, tell func(f *File, p definition.Problem)) {
	var list []*definition.Segment
	for _, f := range files {
		if f.segment != nil {
			list = append(list, f.segment)
		}
	}
	found := definition.CheckTogether(list)
	for _, f := range files {
		if f.segment == nil {
			continue
		}
		for _, p := range found[f.segment.Key] {
			tell(f, p)
		}
	}
}
