package ui

import tea "github.com/charmbracelet/bubbletea"

// A list is a place in rows that may be more than the screen shows.
type list struct{ cursor, top int }

// press moves the cursor among n rows of which h are visible, and tells whether
// the key was one of its own.
func (l *list) press(k tea.KeyMsg, keys keyMap, n, h int) bool {
	switch {
	case is(k, keys.Up):
		l.cursor--
	case is(k, keys.Down):
		l.cursor++
	case is(k, keys.PageUp):
		l.cursor -= max(1, h-1)
	case is(k, keys.PageDown):
		l.cursor += max(1, h-1)
	case is(k, keys.Home):
		l.cursor = 0
	case is(k, keys.End):
		l.cursor = n - 1
	default:
		return false
	}
	l.cursor = max(0, min(l.cursor, n-1))
	return true
}

// window tells which of n rows to draw in h, so that the cursor is among them.
func (l *list) window(n, h int) (from, to int) {
	l.cursor = max(0, min(l.cursor, n-1))
	if h <= 0 || n <= 0 {
		return 0, 0
	}
	l.top = max(0, min(l.top, n-h))
	l.top = min(l.top, l.cursor)
	l.top = max(l.top, l.cursor-h+1)
	return l.top, min(n, l.top+h)
}
