package syslog

import (
	"strconv"
	"strings"
)

// What these take off the beginning of s is gone from it; if it is not there, they
// leave s as it is.

// cut takes a word.
func cut(s *string, begin string) (ok bool) {
	*s, ok = strings.CutPrefix(*s, begin)
	return ok
}

// number takes 12 or 0.34.
func number(s *string) (float64, bool) {
	end := digits(*s)
	if end > 0 && strings.HasPrefix((*s)[end:], ".") {
		if more := digits((*s)[end+1:]); more > 0 {
			end += 1 + more
		}
	}
	if end == 0 || end > 15 {
		return 0, false
	}
	n, err := strconv.ParseFloat((*s)[:end], 64)
	if err != nil {
		return 0, false
	}
	*s = (*s)[end:]
	return n, true
}

// whole takes a number between two pieces of text, of at most nine digits.
func whole(s *string, before, after string) int {
	rest, ok := strings.CutPrefix(*s, before)
	if !ok {
		return 0
	}
	end := digits(rest)
	n, ok := decimal([]byte(rest[:end]))
	if !ok || !strings.HasPrefix(rest[end:], after) {
		return 0
	}
	*s = rest[end+len(after):]
	return n
}

// digits counts those at the beginning of s.
func digits(s string) (n int) {
	for n < len(s) && digit(s[n]) {
		n++
	}
	return n
}
