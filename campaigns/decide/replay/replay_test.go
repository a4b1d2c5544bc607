package replay_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/decide/replay"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// fill sets every field to something that is not zero: one that is not written down comes back without it.
func fill(t *testing.T, v reflect.Value, path string) {
	switch given := v.Addr().Interface().(type) {
	case *time.Time:
		*given = time.Date(2026, 10, 20, 10, 0, 0, 5000, time.UTC)
		return
	case *time.Location:
		return
	case *timing.Period:
		if err := given.UnmarshalText([]byte("1d12h")); err != nil {
			t.Fatal(err)
		}
		return
	case *timing.LocalTime:
		*given = timing.LocalTime{Hour: 9, Minute: 30}
		return
	case *timing.LocalDateTime:
		if err := given.UnmarshalText([]byte("2026-10-20 09:30")); err != nil {
			t.Fatal(err)
		}
		return
	case **time.Location:
		zone, err := time.LoadLocation("Asia/Tbilisi")
		if err != nil {
			t.Fatal(err)
		}
		*given = zone
		return
	case **definition.Definition: // a journal has it beside
		return
	case **definition.Condition:
		period := timing.Period{Days: 2, Time: time.Hour}
		*given = &definition.Condition{Not: &definition.Condition{
			Subject: definition.SubjectMessage, Name: "vip", Op: definition.OpIn, Value: "a", Values: []any{"b", 2.5, true}, Of: "spring", On: campaigns.Email, Step: "hello", Was: campaigns.Sent,
			Span: definition.Span{Within: period, OlderThan: period},
		}}
		return
	}
	fillKind(t, v, path)
}

func fillKind(t *testing.T, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				fill(t, v.Field(i), path+"."+f.Name)
			} else {
				t.Errorf("%s.%s is hidden: nothing can write it down", path, f.Name)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), path+"[]")
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, path+" key")
		fill(t, value, path+"{}")
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Interface:
		v.Set(reflect.ValueOf("a text"))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(2.5)
	default:
		t.Fatalf("%s: %s", path, v.Type())
	}
}

// TestNothingIsLeftOut: what a decision was made of comes back with every field of the enrollment, the facts and each kind of input.
func TestNothingIsLeftOut(t *testing.T) {
	for kind, make := range replay.Inputs {
		asked := replay.Asked{Version: 2, Now: time.Date(2026, 10, 20, 10, 0, 0, 0, time.UTC), Input: make()}
		fill(t, reflect.ValueOf(&asked.Enrollment).Elem(), "Enrollment")
		fill(t, reflect.ValueOf(&asked.Facts).Elem(), "Facts")
		fill(t, reflect.ValueOf(asked.Input).Elem(), kind)
		d, err := replay.Write(asked)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back replay.Decision
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		got, err := back.Read(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
		if diff := cmp.Diff(asked, got, zones, cmp.AllowUnexported(timing.Period{})); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

// TestEventDataKeepsItsDigits: an id in an event's data has more digits than a float64 holds.
func TestEventDataKeepsItsDigits(t *testing.T) {
	in := &decide.Happened{Event: "paid", Data: map[string]any{"id": json.Number("12345678901234567890"), "sum": json.Number("1.50")}}
	d, err := replay.Write(replay.Asked{Input: in})
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Read(nil, nil)
	if diff := cmp.Diff(in, got.Input); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestASnapshot: what becomes of the arguments afterwards is nothing to what was written down.
func TestASnapshot(t *testing.T) {
	due := time.Date(2026, 10, 20, 10, 0, 0, 0, time.UTC)
	asked := replay.Asked{
		Enrollment: decide.Enrollment{Due: &due, Visits: map[campaigns.StepID]int{"a": 1}}, Facts: decide.Facts{Tags: []string{"vip"}}, Input: &decide.Left{Reason: campaigns.ExitLeft},
	}
	d, err := replay.Write(asked)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%+v %s", d, *d.Before.Due)
	due = due.AddDate(0, 0, 1)
	asked.Enrollment.Visits["a"], asked.Facts.Tags[0], asked.Input.(*decide.Left).Reason = 2, "other", campaigns.ExitMerged
	if got := fmt.Sprintf("%+v %s", d, *d.Before.Due); got != want {
		t.Errorf("%s\n%s", want, got)
	}
}

// TestBadJournals say what is missing.
func TestBadJournals(t *testing.T) {
	for journal, want := range map[string]string{
		`{`: "read journal",
		`{"lives": [{"passage": "p", "decisions": [{"input": {"kind": "Due", "value": {}}}]}]}`: "does not say where it began",
		`{"versions": {"1": "key: ?"}}`: "version 1",
		`{"lives": [{"passage": "p", "decisions": [{"version": 1, "before": {"data": {}}, "facts": {}, "input": {"kind": "Due", "value": {}}}]}]}`:            "version 1 is not in the journal",
		`{"lives": [{"passage": "p", "decisions": [{"version": 1, "before": {"data": {}}, "facts": {}, "input": {"kind": "Hm", "value": {}}}]}]}`:             `none is called "Hm"`,
		`{"lives": [{"passage": "p", "decisions": [{"version": 1, "before": {"data": {}}, "facts": {}, "input": {"kind": "Moved", "value": {"From": 7}}}]}]}`: "version 7, which",
	} {
		j, err := replay.ReadJournal([]byte(journal))
		if err == nil {
			_, err = j.Replay()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", journal, err)
		}
	}
}
