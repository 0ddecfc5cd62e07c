package syslog

import (
	"bytes"
	"time"

	"cyrlock/evidence"
)

// A Line is a log line taken apart. What it holds are pieces of the line.
type Line struct {
	Pri      int // facility × 8 + level, RFC 5424 6.2.1; -1: not told
	Host     []byte
	Ident    []byte // "cyrus/imap"
	PID      int    // 0: not told
	Text     []byte
	Repeated int // "message repeated N times: [ … ]" of rsyslog: N, and Text is what was repeated

	stamp []byte
}

// Parse takes a line apart: one of a log file in BSD, ISO or RFC 5424 form, with or
// without host and time, or what a program sent to /dev/log. What is not understood is
// Text. It allocates nothing.
func Parse(line []byte) Line {
	l := Line{Pri: -1}
	s := bytes.TrimRight(bytes.TrimLeft(line, "\x00"), "\r\n")
	s = l.priority(s)
	if rest, ok := bytes.CutPrefix(s, []byte("1 ")); ok {
		if after, ok := l.protocol(rest); ok {
			l.message(after)
			return l
		}
	}
	if n := stampLen(s); n > 0 {
		l.stamp, s = s[:n], skip(s[n:])
	}
	l.message(l.head(s))
	return l
}

// priority reads "<183>".
func (l *Line) priority(s []byte) []byte {
	if len(s) < 3 || s[0] != '<' {
		return s
	}
	end := bytes.IndexByte(s[:min(len(s), 5)], '>')
	if end < 0 {
		return s
	}
	n, ok := decimal(s[1:end])
	if !ok || n > 191 {
		return s
	}
	l.Pri = n
	return s[end+1:]
}

// protocol reads the head of RFC 5424 after its version: time, host, program, pid,
// message id, structured data.
func (l *Line) protocol(s []byte) ([]byte, bool) {
	var fields [5][]byte
	for i := range fields {
		word, rest, ok := bytes.Cut(s, []byte(" "))
		if !ok {
			return nil, false
		}
		fields[i], s = word, rest
	}
	if n := stampLen(fields[0]); n != len(fields[0]) && string(fields[0]) != "-" {
		return nil, false
	}
	s, ok := structured(s)
	if !ok {
		return nil, false
	}
	for i, to := range []*[]byte{&l.stamp, &l.Host, &l.Ident} {
		if string(fields[i]) != "-" {
			*to = fields[i]
		}
	}
	l.PID = pid(fields[3])
	return bytes.TrimPrefix(skip(s), []byte("\ufeff")), true
}

// structured skips "-" or [id name="value"]… ; in a value \ protects the next byte.
func structured(s []byte) ([]byte, bool) {
	if len(s) > 0 && s[0] == '-' {
		return s[1:], true
	}
	if len(s) == 0 || s[0] != '[' {
		return nil, false
	}
	quoted, open := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == '[':
			open = true
		case !quoted && c == ']':
			open = false
			if i+1 == len(s) || s[i+1] != '[' {
				return s[i+1:], true
			}
		case !open:
			return nil, false
		}
	}
	return nil, false
}

// head reads "host ident[pid]: ", with or without the host. A head of more words than
// that is none.
func (l *Line) head(s []byte) []byte {
	end, space := -1, -1
scan:
	for i, c := range s[:min(len(s), 512)] {
		switch c {
		case ':':
			if i+1 == len(s) || s[i+1] == ' ' {
				end = i
				break scan
			}
		case ' ':
			if space >= 0 {
				return s
			}
			space = i
		}
	}
	if end < 0 {
		return s
	}
	ident := s[space+1 : end]
	if open := bytes.IndexByte(ident, '['); open > 0 && ident[len(ident)-1] == ']' {
		l.PID = pid(ident[open+1 : len(ident)-1])
		ident = ident[:open]
	}
	bare := l.Pri < 0 && l.stamp == nil && l.PID == 0 // "lock_reopen-blocked: sleeping" has no program
	if len(ident) == 0 || bare {
		return s
	}
	l.Host, l.Ident = s[:max(space, 0)], ident
	return skip(s[end+1:])
}

// message takes what is said out of rsyslog's note that it was said several times.
func (l *Line) message(s []byte) {
	l.Text = s
	rest, ok := bytes.CutPrefix(s, []byte("message repeated "))
	if !ok {
		return
	}
	count, text, ok := bytes.Cut(rest, []byte(" times: ["))
	n, number := decimal(count)
	if ok && number && n > 0 && len(text) > 0 && text[len(text)-1] == ']' {
		l.Repeated, l.Text = n, skip(text[:len(text)-1])
	}
}

// Evidence is the line as it is kept and shown; near as in [Line.Time].
func (l Line) Evidence(source string, near time.Time) evidence.LogLine {
	return evidence.LogLine{
		Time: l.Time(near), Host: string(l.Host), Ident: string(l.Ident), PID: l.PID,
		Text: string(l.Text), Repeated: l.Repeated, Source: source,
	}
}

func skip(s []byte) []byte {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}

// pid is 0 for what is none; Linux's largest is 2²² (PID_MAX_LIMIT).
func pid(s []byte) int {
	n, ok := decimal(s)
	if !ok || n > 1<<22 {
		return 0
	}
	return n
}

// decimal reads a number of at most nine digits.
func decimal(s []byte) (int, bool) {
	if len(s) == 0 || len(s) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
