package syslog

import "time"

// stampLen is how many bytes of s are a time; 0: s does not begin with one.
//
//	Nov  3 05:26:53   Nov  3 05:26:53.123   Nov  3 2026 05:26:53
//	2026-11-23T15:26:50.696601+00:00   2026-11-23T15:26:50Z   2026-11-23 15:26:50
func stampLen(s []byte) int {
	n := 0
	switch {
	case shaped(s, "aaa _0 00:00:00"):
		n = 15
	case shaped(s, "aaa _0 0000 00:00:00"):
		n = 20
	case shaped(s, "0000-00-00T00:00:00"), shaped(s, "0000-00-00 00:00:00"):
		n = 19
	default:
		return 0
	}
	if n < len(s) && s[n] == '.' {
		for n++; n < len(s) && digit(s[n]); n++ {
		}
	}
	if s[4] == '-' && n < len(s) {
		switch rest := s[n:]; {
		case rest[0] == 'Z':
			n++
		case shaped(rest, "+00:00"):
			n += 6
		case shaped(rest, "+0000"):
			n += 5
		}
	}
	if n < len(s) && s[n] != ' ' && s[n] != ':' {
		return 0
	}
	return n
}

// shaped compares with a pattern: 0 a digit, _ a digit or a space, a a letter,
// + a sign.
func shaped(s []byte, pattern string) bool {
	if len(s) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := s[i]
		switch pattern[i] {
		case '0':
			if !digit(c) {
				return false
			}
		case '_':
			if !digit(c) && c != ' ' {
				return false
			}
		case 'a':
			if c|0x20 < 'a' || c|0x20 > 'z' {
				return false
			}
		case '+':
			if c != '+' && c != '-' {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// Time is when the line was logged, in the zone of near, or the zero time if it tells
// none. A time without a year is taken as the latest that is no more than a day after
// near; lines without a zone are in near's. For a file near is its time of
// modification: no line in it is younger.
func (l Line) Time(near time.Time) time.Time {
	s := l.stamp
	if len(s) < 15 {
		return time.Time{}
	}
	if s[4] == '-' {
		return isoTime(s, near.Location())
	}
	month := monthOf(s)
	day := two(s[4:])
	if s[4] == ' ' {
		day = int(s[5] - '0')
	}
	if digit(s[7]) && digit(s[8]) && digit(s[9]) {
		return date(two(s[7:])*100+two(s[9:]), month, day, s[12:], near.Location())
	}
	latest := near.Add(24 * time.Hour)
	for year := latest.Year(); year > latest.Year()-9; year-- { // 29 February: up to 8 years
		if t := date(year, month, day, s[7:], near.Location()); !t.IsZero() && !t.After(latest) {
			return t
		}
	}
	return time.Time{}
}

func isoTime(s []byte, zone *time.Location) time.Time {
	year, month, day := two(s)*100+two(s[2:]), time.Month(two(s[5:])), two(s[8:])
	n := 19
	if n < len(s) && s[n] == '.' {
		for n++; n < len(s) && digit(s[n]); n++ {
		}
	}
	if n == len(s) {
		return date(year, month, day, s[11:], zone)
	}
	t := date(year, month, day, s[11:n], time.UTC)
	if t.IsZero() {
		return t
	}
	if off := s[n:]; off[0] != 'Z' {
		away := time.Duration(two(off[1:]))*time.Hour + time.Duration(two(off[len(off)-2:]))*time.Minute
		if off[0] == '+' {
			away = -away
		}
		t = t.Add(away)
	}
	return t.In(zone)
}

// date is the zero time for a day or an hour that does not exist. clock is
// "05:26:53", perhaps with a fraction.
func date(year int, month time.Month, day int, clock []byte, zone *time.Location) time.Time {
	h, m, s := two(clock), two(clock[3:]), two(clock[6:])
	if month < 1 || month > 12 || day < 1 || h > 23 || m > 59 || s > 60 {
		return time.Time{}
	}
	ns, unit := 0, int(time.Second)
	for i := 9; i < len(clock) && digit(clock[i]); i++ {
		unit /= 10
		ns += int(clock[i]-'0') * unit
	}
	// Noon is there on every day, whatever the clocks were changed by.
	if noon := time.Date(year, month, day, 12, 0, 0, 0, zone); noon.Day() != day {
		return time.Time{}
	}
	return time.Date(year, month, day, h, m, min(s, 59), ns, zone) // 60: a leap second
}

func monthOf(s []byte) time.Month {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	for m := range 12 {
		if s[0]|0x20 == names[3*m] && s[1]|0x20 == names[3*m+1] && s[2]|0x20 == names[3*m+2] {
			return time.Month(m + 1)
		}
	}
	return 0
}

// two reads two digits.
func two(s []byte) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
