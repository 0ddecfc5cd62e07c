package page

import (
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
)

// A List is a place in rows that may be more than the screen shows.
type List struct{ Cursor, Top int }

// Press moves the cursor among n rows of which h are visible, and tells whether
// the key was one of its own.
func (l *List) Press(k tea.KeyMsg, on keys.Map, n, h int) bool {
	switch {
	case keys.Is(k, on.Up):
		l.Cursor--
	case keys.Is(k, on.Down):
		l.Cursor++
	case keys.Is(k, on.PageUp):
		l.Cursor -= max(1, h-1)
	case keys.Is(k, on.PageDown):
		l.Cursor += max(1, h-1)
	case keys.Is(k, on.Home):
		l.Cursor = 0
	case keys.Is(k, on.End):
		l.Cursor = n - 1
	default:
		return false
	}
	l.Cursor = max(0, min(l.Cursor, n-1))
	return true
}

// find moves the cursor to the first of n rows that is the one, and tells whether
// there is one.
func (l *List) find(n int, is func(i int) bool) bool {
	for i := range n {
		if is(i) {
			l.Cursor = i
			return true
		}
	}
	return false
}

// stand is find, but where the row is gone, the cursor stays near where it was.
func (l *List) stand(n int, is func(i int) bool) {
	if !l.find(n, is) {
		l.Cursor = max(0, min(l.Cursor, n-1))
	}
}

// window tells which of n rows to draw in h, so that the cursor is among them.
func (l *List) window(n, h int) (from, to int) {
	l.Cursor = max(0, min(l.Cursor, n-1))
	if h <= 0 || n <= 0 {
		return 0, 0
	}
	l.Top = max(0, min(l.Top, n-h))
	l.Top = min(l.Top, l.Cursor)
	l.Top = max(l.Top, l.Cursor-h+1)
	return l.Top, min(n, l.Top+h)
}
