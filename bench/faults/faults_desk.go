//go:build unix

package faults

import "net/http"

// deskFaults are what another system does that a step calls. Every call meets them.
var deskFaults = []fault{
	onDesk("desk 500", deskArrived, func(w http.ResponseWriter) { http.Error(w, "oh", http.StatusInternalServerError) }),
	onDesk("desk 503", deskArrived, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "later", http.StatusServiceUnavailable)
	}),
	onDesk("desk cut", deskArrived, cutOff),
	onDesk("desk answer lost", deskDone, cutOff),
	onDesk("desk hangs when done", deskDone, cutOff).hanging(),
}

// onDesk does that at the moment.
func onDesk(name string, moment deskMoment, answer func(http.ResponseWriter)) fault {
	return fault{name: name, met: true, fits: func(s *Site) bool { return s.circle != nil }, strike: func(s *Site) func() {
		s.desk.troubled(func(w http.ResponseWriter, m deskMoment) bool {
			if m != moment {
				return false
			}
			s.tally.struck(name, false)
			if until := s.current().hang; until != nil {
				<-until
			}
			answer(w)
			return true
		})
		return func() { s.desk.troubled(nil) }
	}}
}
