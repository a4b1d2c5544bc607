package timing

import "testing"

func TestMeantPart(t *testing.T) {
	for part, want := range map[string]string{
		"FREQ=DAYLY": "FREQ=DAILY", "FREQ=DAY": "FREQ=DAILY", "freq=weekly": "FREQ=WEEKLY", "FREQ=MONTH": "FREQ=MONTHLY", "FREK=DAILY": "FREQ=DAILY", "RRULE:FREQ=DAILY": "FREQ=DAILY",
		"BYDAY=MON": "BYDAY=MO", "BYDAY=Monday,Friday": "BYDAY=MO,FR", "BYDAY=-1SUN": "BYDAY=-1SU", "BYDAYS=MO": "BYDAY=MO", "BYWEEKDAY=MO": "BYDAY=MO", "INTERVL=2": "INTERVAL=2",
		"UNTIL=2027-06-01": "UNTIL=20270601", "UNTIL=20270601T100000Z": "UNTIL=20270601T100000", "FREQ = DAILY": "FREQ=DAILY",
		"FREQ=SECONDLY": "", "BYHOUR=10": "", "COUNT=many": "", "BYDAY=XX": "", "": "", "=": "", "FREQ=DAILY": "",
	} {
		if got := MeantPart(part); got != want {
			t.Errorf("%q: %q, want %q", part, got, want)
		}
	}
}
