package simulation

import "time"

// Days are those of the calendar, by the community's clock: day 1 is the one on which the simulation begins, at whatever hour, and day 2 begins at the next midnight. As many
// days as are asked for pass in whole: what begins in the middle of a day ends in the middle of one, whose number is one more.

// end is the same hour, as many days later.
func (p *Plan) end() time.Time { return p.Start.In(p.zone).AddDate(0, 0, p.Days) }

// date is the day's, as midnight in UTC: there every day has 24 hours.
func (p *Plan) date(day int) time.Time {
	year, month, first := p.Start.In(p.zone).Date()
	return time.Date(year, month, first+day-1, 0, 0, 0, 0, time.UTC)
}

// dayOf is the number of the moment's day.
func (p *Plan) dayOf(at time.Time) int {
	year, month, day := at.In(p.zone).Date()
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Sub(p.date(1))/(24*time.Hour)) + 1
}

// middle is noon of the day; of the first one, the middle of what is left of it.
func (p *Plan) middle(day int) time.Time {
	year, month, date := p.date(day).Date()
	if day > 1 {
		return time.Date(year, month, date, 12, 0, 0, 0, p.zone)
	}
	left := time.Date(year, month, date+1, 0, 0, 0, 0, p.zone).Sub(p.Start)
	return p.Start.Add((left / 2).Truncate(time.Second))
}
