package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/ui/keys"
	"cyrlock/ui/page"
)

// A verb is a command that is typed after a colon: all that keys can do, by name,
// and what needs a word more than a key.
type verb struct {
	name, takes, does string
	run               func(m *model, arg string) (tea.Cmd, error)
}

// verbs are in the order of the help.
func verbs() []verb {
	return []verb{
		{"find", "USER or FILE", "who has it open", (*model).find},
		{"stacks", "PID", "where it stands", to(page.StepStacks)},
		{"verdict", "PID", "what waits for what", to(page.StepVerdict)},
		{"fix", "", "what can be done", to(page.StepFix)},
		{"watch", "", "how it goes on", to(page.StepWatch)},
		{"every", "5s or off", "how often to look", (*model).every},
		{"look", "", "look again", command((*model).again)},
		{"pause", "", "pause and go on", command((*model).pause)},
		{"save", "", "save a capture", command((*model).save)},
		{"copy", "", "copy what is selected", command((*model).copy)},
		{"commands", "", "what a person would type", func(m *model, _ string) (tea.Cmd, error) { m.toggle(m.commandSheet()); return nil, nil }},
		{"help", "", "the keys", func(m *model, _ string) (tea.Cmd, error) { m.toggle(m.helpSheet()); return nil, nil }},
		{"quit", "", "leave everything as it is", func(*model, string) (tea.Cmd, error) { return tea.Quit, nil }},
	}
}

// command is a verb that takes nothing.
func command(f func(*model) tea.Cmd) func(*model, string) (tea.Cmd, error) {
	return func(m *model, _ string) (tea.Cmd, error) { return f(m), nil }
}

// to is a verb that goes to a step, at a process if one is named.
func to(s page.Step) func(*model, string) (tea.Cmd, error) {
	return func(m *model, arg string) (tea.Cmd, error) {
		if arg == "" {
			m.walk(s)
			return nil, nil
		}
		pid, err := strconv.Atoi(arg)
		if err != nil || m.Proc(pid) == nil {
			return nil, fmt.Errorf("%s: no process of this look has that number", arg)
		}
		return m.act(page.GoTo{Step: s, PID: pid}), nil
	}
}

// find asks the machine about a user or a file, as typing it on the page does.
func (m *model) find(arg string) (tea.Cmd, error) {
	m.walk(page.StepFind)
	if arg == "" {
		return nil, nil
	}
	find := m.pages[page.StepFind].(*page.Find)
	return m.act(find.Search(m.Scene, arg)), nil
}

// every sets how often to look.
func (m *model) every(arg string) (tea.Cmd, error) {
	const least = 200 * time.Millisecond // less is a load, and no eye follows
	if arg == "off" {
		m.options.Every = -1
		return nil, nil
	}
	if _, err := strconv.Atoi(arg); err == nil {
		arg += "s"
	}
	d, err := time.ParseDuration(arg)
	switch {
	case m.recorded():
		return nil, errRecorded
	case err != nil || d < least:
		return nil, fmt.Errorf("every %s: a time such as 5s, at least %v, or off", arg, least)
	}
	m.options.Every, m.pace = d, max(d, m.pace)
	return m.again(), nil
}

// A prompt is the line after a colon.
type prompt struct{ input textinput.Model }

func newPrompt() *prompt {
	in := textinput.New()
	in.CharLimit = 1024
	in.ShowSuggestions = true
	in.KeyMap.Paste.SetEnabled(false) // it would run programs to read a clipboard
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	in.SetSuggestions(names)
	in.Focus()
	return &prompt{in}
}

// press edits the line; enter runs it and esc leaves it.
func (m *model) prompted(k tea.KeyMsg) tea.Cmd {
	in := &m.prompt.input
	switch {
	case keys.Is(k, m.Keys.Back), keys.Is(k, m.Keys.Erase) && in.Value() == "":
		m.prompt = nil
	case keys.Is(k, m.Keys.Enter):
		line := in.Value()
		m.prompt = nil
		return m.run(line)
	default:
		k.Runes = []rune(page.Printable(string(k.Runes)))
		if k.Type != tea.KeyRunes || len(k.Runes) > 0 {
			*in, _ = in.Update(k) // its commands only make a cursor blink
		}
	}
	return nil
}

// run is one typed command. The shortest beginning that only one has is enough.
func (m *model) run(line string) tea.Cmd {
	name, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
	if name == "" {
		return nil
	}
	fit := slices.DeleteFunc(verbs(), func(v verb) bool { return !strings.HasPrefix(v.name, name) })
	if i := slices.IndexFunc(fit, func(v verb) bool { return v.name == name }); i >= 0 {
		fit = fit[i : i+1]
	}
	if len(fit) != 1 {
		what := "no command"
		if len(fit) > 1 {
			what = "more than one command"
		}
		m.note = m.Text(fmt.Sprintf("%s begins with %q; : and tab show them", what, name))
		return nil
	}
	cmd, err := fit[0].run(m, strings.TrimSpace(arg))
	if err != nil {
		m.note = m.Text(err.Error())
	}
	return cmd
}

// promptRow is the line with what it may become.
func (m *model) promptRow() string {
	in := &m.prompt.input
	typed := []rune(in.Value())
	at := min(in.Position(), len(typed))
	line := " :" + m.Text(string(typed[:at])) + m.Strong.Render("_") + m.Text(string(typed[at:]))
	name, _, more := strings.Cut(in.Value(), " ")
	var hints []string
	for _, v := range verbs() {
		switch {
		case more && v.name == name:
			hints = []string{strings.TrimSpace(v.takes + "  " + v.does)}
		case !more && strings.HasPrefix(v.name, name):
			hints = append(hints, v.name)
		}
	}
	return line + "   " + m.Dim.Render(strings.Join(hints, " "))
}
