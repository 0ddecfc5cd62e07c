// Package keys is the one map of keys: what a key does, and what the help says it
// does, cannot drift apart.
package keys

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// Map is every key there is. The footer and the help are made from it.
type Map struct {
	Up, Down, Left, Right, PageUp, PageDown, Home, End       key.Binding
	Enter, Back, Next, Previous                              key.Binding
	Steps                                                    [5]key.Binding
	Filter, Why, Fold, NextChain, PreviousChain, Exact, Test key.Binding
	Undo                                                     key.Binding
	Command, Commands, Copy, Save                            key.Binding
	Again, Pause, Redraw                                     key.Binding
	Help, Quit, Suspend, Erase, Cut                          key.Binding
}

// Standard is the map of k9s and lazygit, as far as they agree.
func Standard() Map {
	bind := func(name, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))
	}
	return Map{
		Up:            bind("up k", "one row up", "up", "k"),
		Down:          bind("down j", "one row down", "down", "j"),
		Left:          bind("left h", "left", "left", "h"),
		Right:         bind("right l", "right", "right", "l"),
		PageUp:        bind("pgup b", "one page up", "pgup", "b", "ctrl+b"),
		PageDown:      bind("pgdn f", "one page down", "pgdown", "f", "ctrl+f"),
		Home:          bind("home g", "first row", "home", "g"),
		End:           bind("end G", "last row", "end", "G"),
		Enter:         bind("enter", "deeper", "enter"),
		Back:          bind("esc", "back", "esc"),
		Next:          bind("tab", "next step", "tab"),
		Previous:      bind("shift+tab", "step before", "shift+tab"),
		Steps:         [5]key.Binding{bind("1", "Find", "1"), bind("2", "Stacks", "2"), bind("3", "Verdict", "3"), bind("4", "Fix", "4"), bind("5", "Watch", "5")},
		Filter:        bind("/", "filter", "/"),
		Why:           bind("e", "evidence", "e"),
		Fold:          bind("space", "unfold", " "),
		NextChain:     bind("n", "next chain", "n"),
		PreviousChain: bind("N", "chain before", "N"),
		Exact:         bind("S", "exact stack", "S"),
		Undo:          bind("u", "undo", "u"),
		Test:          bind("t", "test the log", "t"),
		Command:       bind(":", "command", ":"),
		Commands:      bind("c", "commands", "c"),
		Copy:          bind("y", "copy", "y"),
		Save:          bind("w", "save a capture", "w"),
		Again:         bind("r", "look again", "r"),
		Pause:         bind("p", "pause", "p"),
		Redraw:        bind("ctrl+l", "draw anew", "ctrl+l"),
		Help:          bind("?", "help", "?"),
		Quit:          bind("q", "quit", "q", "ctrl+c"),
		Suspend:       bind("ctrl+z", "to the shell", "ctrl+z"),
		Erase:         bind("backspace", "erase", "backspace", "ctrl+h"),
		Cut:           bind("ctrl+u", "erase all", "ctrl+u"),
	}
}

// Is tells whether a key that was pressed is this one.
func Is(k tea.KeyMsg, b key.Binding) bool { return key.Matches(k, b) }

// Named is a binding that says what it does on this page.
func Named(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// Moves are the keys that move in any list.
func (k Map) Moves() []key.Binding {
	return []key.Binding{k.Up, k.Down, k.PageUp, k.PageDown, k.Home, k.End}
}

// Everywhere are the keys that mean the same on every page.
func (k Map) Everywhere() []key.Binding {
	return append(k.Steps[:len(k.Steps):len(k.Steps)], k.Next, k.Previous, k.Back, k.Filter, k.Why, k.Command, k.Commands, k.Copy, k.Save,
		k.Again, k.Pause, k.Redraw, k.Suspend, k.Help, k.Quit)
}
