package plain

import (
	"bufio"
	"errors"
	"io"
)

// lines are the answers. One is read when it is asked for, so that what is typed
// after the last one is left for the shell.
type lines struct {
	want  chan struct{}
	got   chan line
	asked bool // one is wanted and has not come
}

// A line is one answer, or the end of them.
type line struct {
	text string
	err  error
}

func newLines(in io.Reader) *lines {
	l := &lines{want: make(chan struct{}, 1), got: make(chan line, 1)}
	go func() {
		r := bufio.NewReader(in)
		for range l.want {
			text, err := readLine(r)
			l.got <- line{text, err}
		}
	}()
	return l
}

// next is where the next answer comes; who receives it calls [lines.took].
func (l *lines) next() <-chan line {
	if !l.asked {
		l.asked = true
		l.want <- struct{}{}
	}
	return l.got
}

func (l *lines) took() { l.asked = false }

func (l *lines) close() { close(l.want) }

// longestAnswer bounds what is kept of a line, in bytes: no path is longer.
const longestAnswer = 4096

// readLine reads to the end of a line, however long it is. What stands before the
// end of the input is a line, too.
func readLine(r *bufio.Reader) (string, error) {
	var text []byte
	for {
		part, more, err := r.ReadLine()
		text = append(text, part[:min(len(part), longestAnswer-len(text))]...)
		switch {
		case errors.Is(err, io.EOF) && len(text) > 0:
			return string(text), nil
		case err != nil:
			return "", err
		case !more:
			return string(text), nil
		}
	}
}
