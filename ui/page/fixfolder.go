package page

import (
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/scene"
)

// A folder is asked for where a choice is about one.
type folder struct {
	input textinput.Model
	of    Prepare
	said  string // what is wrong with the last answer
}

// ask asks for the selected choice, or first for the folder that it is about.
func (p *Fix) ask() Action {
	c := p.choice()
	if c == nil || !p.does(c) {
		return nil
	}
	of := Prepare{Title: c.Title, Advice: c.Advice}
	if c.Action == "source" {
		p.AskFolder(of, "")
		return nil
	}
	return of
}

// AskFolder asks for a folder, once more if something was wrong with the last one.
func (p *Fix) AskFolder(of Prepare, wrong string) {
	in := textinput.New()
	in.CharLimit = 1024
	in.KeyMap.Paste.SetEnabled(false) // it would run programs to read a clipboard
	in.SetValue(of.Dir)
	in.Focus()
	p.run, p.folder = nil, &folder{in, of, wrong}
}

// Editing tells whether a folder is being typed.
func (p *Fix) Editing() bool { return p.folder != nil }

// Edit takes keys while a folder is typed.
func (p *Fix) Edit(s *scene.Scene, k tea.KeyMsg) Action {
	f := p.folder
	switch {
	case keys.Is(k, s.Keys.Back):
		p.folder = nil
	case keys.Is(k, s.Keys.Enter) && f.input.Value() == "":
		f.said = "name the top folder of an unpacked Cyrus source tree"
	case keys.Is(k, s.Keys.Enter):
		f.of.Dir = f.input.Value()
		return f.of
	default:
		k.Runes = []rune(Printable(string(k.Runes)))
		if k.Type != tea.KeyRunes || len(k.Runes) > 0 {
			f.said = ""
			f.input, _ = f.input.Update(k) // its commands only make a cursor blink
		}
	}
	return nil
}

// folderView is the question.
func (f *folder) view(s *scene.Scene, w, h int) []string {
	typed := []rune(f.input.Value())
	at := min(f.input.Position(), len(typed))
	rows := s.Hang("Folder", "the top of the unpacked Cyrus source, to be read first; nothing is changed yet", w, 3)
	rows = append(rows, " "+s.Strong.Render(">")+" "+s.FitEnd(s.Text(string(typed[:at]))+s.Strong.Render("_")+s.Text(string(typed[at:])), w-4))
	for _, row := range s.Wrap(f.said, w-2, 4) {
		rows = append(rows, " "+s.Bad.Render(row))
	}
	return rows[:min(len(rows), h)]
}
