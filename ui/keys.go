package ui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// keyMap is every key there is. The footer and the help are made from it.
type keyMap struct {
	Up, Down, PageUp, PageDown, Home, End         key.Binding
	Enter, Back, Next, Find, Stacks, Verdict      key.Binding
	Filter, Why, Fold, Other, Commands, Copy      key.Binding
	Again, Pause, Help, Quit, Suspend, Erase, Cut key.Binding
}

func defaultKeys() keyMap {
	bind := func(name, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))
	}
	return keyMap{
		Up:       bind("up k", "one row up", "up", "k"),
		Down:     bind("down j", "one row down", "down", "j"),
		PageUp:   bind("pgup b", "one page up", "pgup", "b", "ctrl+b"),
		PageDown: bind("pgdn f", "one page down", "pgdown", "f", "ctrl+f"),
		Home:     bind("home g", "first row", "home", "g"),
		End:      bind("end G", "last row", "end", "G"),
		Enter:    bind("enter", "deeper", "enter"),
		Back:     bind("esc", "back", "esc"),
		Next:     bind("tab", "next step", "tab"),
		Find:     bind("1", "Find", "1"),
		Stacks:   bind("2", "Stacks", "2"),
		Verdict:  bind("3", "Verdict", "3"),
		Filter:   bind("/", "filter", "/"),
		Why:      bind("e", "evidence", "e"),
		Fold:     bind("space", "unfold", " "),
		Other:    bind("right l", "next process", "right", "l"),
		Commands: bind("c", "commands", "c"),
		Copy:     bind("y", "copy", "y"),
		Again:    bind("r", "look again", "r"),
		Pause:    bind("p", "pause", "p"),
		Help:     bind("?", "help", "?"),
		Quit:     bind("q", "quit", "q", "ctrl+c"),
		Suspend:  bind("ctrl+z", "to the shell", "ctrl+z"),
		Erase:    bind("backspace", "erase", "backspace", "ctrl+h"),
		Cut:      bind("ctrl+u", "erase all", "ctrl+u"),
	}
}

func is(k tea.KeyMsg, b key.Binding) bool { return key.Matches(k, b) }

// named is a binding that says what it does on this page.
func named(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

func (k keyMap) moves() []key.Binding {
	return []key.Binding{k.Up, k.Down, k.PageUp, k.PageDown, k.Home, k.End}
}

// everywhere are the keys that mean the same on every page.
func (k keyMap) everywhere() []key.Binding {
	return []key.Binding{k.Next, k.Find, k.Stacks, k.Verdict, k.Back, k.Commands, k.Copy, k.Again, k.Pause, k.Suspend, k.Help, k.Quit}
}
