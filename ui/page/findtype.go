package page

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/evidence"
	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// Editing tells whether a filter is being typed.
func (p *Find) Editing() bool { return p.editing }

// Edit takes keys while a filter is typed: that of the processes where the cursor
// is among them.
func (p *Find) Edit(s *scene.Scene, k tea.KeyMsg) Action {
	p.said = ""
	text := &p.filter
	if p.inside {
		text = &p.within
	}
	switch {
	case keys.Is(k, s.Keys.Back):
		p.editing = false
	case keys.Is(k, s.Keys.Enter):
		p.editing = false
		if !p.inside && p.filter != "" {
			p.fromUser = false
			return p.Search(s, p.filter)
		}
	case k.Type == tea.KeyUp, k.Type == tea.KeyDown:
		p.editing = false
		return p.Press(s, k)
	default:
		*text = Edited(*text, s.Keys, k)
	}
	p.Refresh(s)
	return nil
}

// Edited is a text after one key more.
func Edited(text string, m keys.Map, k tea.KeyMsg) string {
	const most = 1024
	switch {
	case keys.Is(k, m.Erase):
		if r := []rune(text); len(r) > 0 {
			return string(r[:len(r)-1])
		}
	case keys.Is(k, m.Cut):
		return ""
	case k.Type == tea.KeySpace, k.Type == tea.KeyRunes && !k.Alt:
		if len(text) < most {
			return text + Printable(string(k.Runes))
		}
	}
	return text
}

// Printable drops what a paste may bring and no name has.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

// matching are the processes that a filter finds.
func matching(all []scene.Party, filter string) (out []scene.Party) {
	filter = strings.ToLower(filter)
	for i := range all {
		if all[i].Matches(filter) {
			out = append(out, all[i])
		}
	}
	return out
}

// Copy is the path, the user, or a line about the process.
func (p *Find) Copy(s *scene.Scene) string {
	f := p.file()
	switch it, u := p.party(), p.user(); {
	case it != nil:
		return strings.Join(append(it.Words(), evidence.Clean(f.Path)), ", ")
	case p.tab == users && u != nil:
		return evidence.Clean(u.Name)
	case p.tab == files && f != nil:
		return evidence.Clean(f.Path) // pasted, control characters would act
	}
	return ""
}
