package source

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrHalf says that a timed lock of ours is there, but not as we put it there.
var ErrHalf = errors.New("a timed lock of cyrlock is in it, but not as cyrlock put it there")

// Unpatch takes our timed lock out: what comes out is what was there before. A text
// without one comes out as it is.
func Unpatch(src []byte) ([]byte, error) {
	begin := bytes.Index(src, []byte(beginMark))
	if begin < 0 {
		if i := bytes.Index(src, []byte("timedlock_")); i >= 0 {
			return nil, fmt.Errorf("line %d: %w: its beginning is missing", lineOf(src, i), ErrHalf)
		}
		return src, nil
	}
	fields := strings.Fields(string(src[begin+len(beginMark) : min(begin+len(beginMark)+20, len(src))]))
	if len(fields) == 0 || fields[0] != version+":" {
		return nil, fmt.Errorf("line %d: a timed lock of another cyrlock is in it: take it out with that one", lineOf(src, begin))
	}
	eol, err := lineEnds(src)
	if err != nil {
		return nil, err
	}
	from := begin - len(eol) // the empty line before it
	to := bytes.Index(src[begin:], []byte(endMark))
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("line %d: %w: its end is missing", lineOf(src, begin), ErrHalf)
	}
	to += begin + len(endMark) + len(eol)
	if to > len(src) {
		return nil, fmt.Errorf("line %d: %w: nothing comes after it", lineOf(src, begin), ErrHalf)
	}
	o, was, err := installed(string(src[begin:to]))
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", lineOf(src, begin), err)
	}
	rest, err := restore(src[to:], was)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", lineOf(src, begin), err)
	}
	out := slices.Concat(src[:from], rest)
	if again, _, err := patch(out, o); err != nil || !bytes.Equal(again, src) {
		return nil, fmt.Errorf("line %d: %w: it, or the call of it, was changed by hand: put the file back from the original", lineOf(src, begin), ErrHalf)
	}
	return out, nil
}

var (
	replaced = regexp.MustCompile(`(?m)^/\* (lock_\w+): (.+) \*/\r?$`)
	setting  = regexp.MustCompile(`(?m)^#define TIMEDLOCK_(MAXTIME|HYBRID) (\d+)`)
)

// installed reads back what [helperText] wrote.
func installed(text string) (o Options, was [][2]string, err error) {
	for _, m := range replaced.FindAllStringSubmatch(text, -1) {
		was = append(was, [2]string{m[1], m[2]})
	}
	for _, m := range setting.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return o, nil, fmt.Errorf("%w: TIMEDLOCK_%s: %w", ErrHalf, m[1], err)
		}
		if m[1] == "MAXTIME" {
			o.Maxtime = n
		} else {
			o.Hybrid = n != 0
		}
	}
	o.AlsoShared = len(was) > 1
	return o, was, nil
}

// restore puts the calls back, in the order in which they stand.
func restore(src []byte, was [][2]string) ([]byte, error) {
	raw, err := tokens(src)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(raw, func(t token) bool { return t.kind == comment })
	var out bytes.Buffer
	last, assign := 0, -1
	for i := 0; i < len(all); i++ {
		switch t := all[i]; {
		case t.is("="):
			assign = i
		case t.is(";"):
			assign = -1
		case t.kind == word && strings.HasPrefix(t.text, "timedlock_"):
			for i < len(all) && !all[i].is(";") {
				i++
			}
			if assign < 0 || len(was) == 0 {
				return nil, fmt.Errorf("%w: it is called more often", ErrHalf)
			}
			out.Write(src[last:all[assign+1].start])
			out.WriteString(was[0][1])
			last, was, assign = all[i-1].end, was[1:], -1
		}
	}
	out.Write(src[last:])
	if len(was) > 0 {
		return nil, fmt.Errorf("%w: %s does not call it", ErrHalf, was[0][0])
	}
	return out.Bytes(), nil
}
