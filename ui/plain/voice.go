package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
)

// A voice says lines. A terminal that is stopped (Ctrl-S) keeps whoever writes to
// it, so that a goroutine of its own does, and a signal is still heard.
type voice struct {
	theme draw.Theme
	width int
	ctx   context.Context
	text  chan string
	done  chan struct{} // closed when all is written
	err   error         // of the writing; read after done
	stuck bool          // nobody takes what is said
	open  bool          // a question stands there, its line not ended
}

// newVoice starts one; end is called when what is said cannot be written.
func newVoice(ctx context.Context, end func(), out io.Writer, t draw.Theme, width int) *voice {
	v := &voice{theme: t, width: width, ctx: ctx, text: make(chan string), done: make(chan struct{})}
	go func() {
		defer close(v.done)
		for text := range v.text {
			if v.err != nil {
				continue
			}
			if _, v.err = io.WriteString(out, text); v.err != nil {
				end()
			}
		}
	}()
	return v
}

// say says one thing, as one line or, where there is a width, as several.
func (v *voice) say(format string, args ...any) {
	v.write(v.newLine() + v.wrap(strings.Split(v.safe(fmt.Sprintf(format, args...)), " "), 0) + "\n")
}

// sayWhole says a line that is to be copied: it is never broken.
func (v *voice) sayWhole(text string) { v.write(v.newLine() + v.safe(text) + "\n") }

// blank is an empty line: something new begins.
func (v *voice) blank() { v.write(v.newLine() + "\n") }

// question leaves the line open for the answer. Its last sentence stands in one
// row, with room behind it.
func (v *voice) question(text string) {
	text = v.safe(text)
	var words []string
	if i := strings.LastIndex(text, ". "); i >= 0 {
		words, text = strings.Split(text[:i+1], " "), text[i+2:]
	}
	v.write(v.newLine() + v.wrap(append(words, text), answerRoom) + " ")
	v.open = true
}

// wrap breaks lines at words. A word that is too long stays whole: it is a path,
// and the terminal knows how to go on in the next row.
func (v *voice) wrap(words []string, room int) string {
	var b strings.Builder
	at := 0
	for i, word := range words {
		w := ansi.StringWidth(word)
		need := at + 1 + w
		if i == len(words)-1 {
			need += room
		}
		switch {
		case i == 0:
		case v.width > 0 && need > v.width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += w
	}
	return b.String()
}

// answered ends the line of a question, as a terminal does when enter is pressed.
func (v *voice) answered(text string, echo bool) {
	v.open = false
	if echo {
		v.write(v.safe(text) + "\n")
	}
}

const (
	answerRoom = 12       // cells
	longest    = 64 << 10 // of one line, in bytes
)

// newLine ends a question that nobody answered.
func (v *voice) newLine() string {
	if !v.open {
		return ""
	}
	v.open = false
	return "\n"
}

// safe is the last gate: whatever a sentence was made of, no control character
// leaves.
func (v *voice) safe(text string) string {
	tail := ""
	if over := len(text) - longest; over > 0 {
		text, tail = text[:longest], fmt.Sprintf(" and %s bytes more", evidence.Thousands(over))
	}
	return v.theme.Plain(evidence.Clean(text) + tail)
}

func (v *voice) write(text string) {
	if v.stuck {
		return
	}
	select {
	case v.text <- text:
		return
	default:
	}
	select {
	case v.text <- text:
	case <-v.ctx.Done():
		select {
		case v.text <- text:
		case <-time.After(farewell):
			v.stuck = true
		}
	}
}

// close waits until all is written, but not for a terminal that is stopped. That
// nobody listens any more is no error.
func (v *voice) close() error {
	close(v.text)
	select {
	case <-v.done:
	case <-time.After(farewell):
		return nil
	}
	if errors.Is(v.err, syscall.EPIPE) || errors.Is(v.err, syscall.EIO) {
		return nil
	}
	return v.err
}
