package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
)

// marks are the few characters that need a UTF-8 terminal, or stand-ins.
type marks struct{ branch, last, bar, here string }

func (s *settings) plain() marks {
	if s.ascii || !draw.UTF8Locale(os.Getenv) {
		return marks{"|- ", "`- ", "|  ", "<-"}
	}
	return marks{"├ ", "└ ", "│ ", "←"}
}

// siblings is how many waiters of one lock are listed one by one.
const siblings = 12

// writeReport writes the plugin's line, then the report for people.
func writeReport(out io.Writer, r diagnose.Report, m marks) error {
	var b strings.Builder
	writePluginLine(&b, r)
	for i := range r.Roots {
		writeRoot(&b, &r, r.Roots[i], m)
	}
	writeAdvice(&b, &r, r.AdviceFor(diagnose.Now), "What to do")
	if r.Focus == nil { // it is about nobody in particular
		writeAdvice(&b, &r, r.AdviceFor(diagnose.Next), "Against the next hang")
	}
	for _, root := range r.Aside {
		fmt.Fprintf(&b, "\nNot the mail server's, and not part of the verdict\n  %s\n", root.Sentence)
	}
	if r.Focus != nil {
		writeFocus(&b, r)
	}
	writeStacks(&b, &r, m)
	writeGaps(&b, r)
	_, err := io.WriteString(out, b.String())
	return err
}

// writePluginLine: "|" separates the performance data, so none may stand in the text.
func writePluginLine(b *strings.Builder, r diagnose.Report) {
	state := map[diagnose.Verdict]string{diagnose.Healthy: "OK", diagnose.Slow: "WARNING", diagnose.Hung: "CRITICAL", diagnose.Unknown: "UNKNOWN"}[r.Verdict]
	fmt.Fprintf(b, "%s: %s | waiters=%d roots=%d oldest=%.0fs\n", state, strings.ReplaceAll(r.Summary, "|", "¦"), r.Waiting, len(r.Roots), r.OldestS)
}

func writeRoot(b *strings.Builder, r *diagnose.Report, root diagnose.Root, m marks) {
	fmt.Fprintf(b, "\n%s (%s)", root.Class, root.Confidence)
	if root.File != "" {
		fmt.Fprintf(b, "  %s", evidence.Clean(root.File))
	}
	b.WriteString("\n")
	if len(r.Roots) > 1 {
		fmt.Fprintf(b, "  %s\n", root.Sentence)
	}
	for _, n := range r.Tree(root) {
		label := "HOLDS "
		switch {
		case n.PID == 0:
			label = "nobody visible holds it"
		case root.Class == diagnose.Cycle || root.Class == diagnose.SelfDeadlock:
			label = "HOLDS AND WAITS "
		}
		fmt.Fprintf(b, "  %s%s\n", label, describe(r, n.PID, true))
		writeBehind(b, r, n.Behind, "  ", m)
	}
	writeAdvice(b, r, root.AdviceFor(diagnose.Now), "What to do, the best first")
	writeList(b, "How we know", root.Why)
	if root.Doubt != "" {
		writeList(b, "To be sure", []string{root.Doubt})
	}
	writeImpact(b, root.Impact)
	writeAdvice(b, r, root.AdviceFor(diagnose.Next), "Against the next one")
}

// writeAdvice writes the command first: it is what is looked for.
func writeAdvice(b *strings.Builder, r *diagnose.Report, advice []diagnose.Advice, title string) {
	if len(advice) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", title)
	for i, a := range advice {
		fmt.Fprintf(b, "    %d. %s (%s, risk %s): %s\n", i+1, r.Title(a), a.Effect, a.Risk, a.Why)
		if a.Command != "" {
			fmt.Fprintf(b, "         %s\n", a.Command)
		}
		switch {
		case a.Loses == "":
		case i > 0 && a.Loses == advice[i-1].Loses:
			b.WriteString("       loses: the same\n")
		default:
			fmt.Fprintf(b, "       loses: %s\n", a.Loses)
		}
	}
}

func writeBehind(b *strings.Builder, r *diagnose.Report, nodes []diagnose.Node, indent string, m marks) {
	for i, n := range nodes {
		if i == siblings && len(nodes) > siblings+1 {
			fmt.Fprintf(b, "%s%s%d more\n", indent, m.last, len(nodes)-i)
			return
		}
		branch, below := m.branch, m.bar
		if i == len(nodes)-1 {
			branch, below = m.last, strings.Repeat(" ", len([]rune(m.bar)))
		}
		wait := "waits"
		if n.Wait.SinceHow == "at least" {
			wait = "waits at least"
		}
		fmt.Fprintf(b, "%s%s%s  %s %s", indent, branch, describe(r, n.PID, false), wait, diagnose.Age(n.Wait.SinceS))
		if len(n.Behind) > 0 {
			fmt.Fprintf(b, ", holds %s", diagnose.FileName(*n.Behind[0].File))
		}
		b.WriteString("\n")
		writeBehind(b, r, n.Behind, indent+below, m)
	}
}

// describe is one process on one line: who it serves and, for a holder, what it does.
func describe(r *diagnose.Report, pid int, holder bool) string {
	p := r.Process(pid)
	if p == nil {
		if pid == 0 {
			return ""
		}
		return fmt.Sprintf("process %d (gone or not readable)", pid)
	}
	parts := []string{diagnose.Name(*p)}
	for _, s := range []string{p.User, p.Mailbox, p.Client} {
		if s != "" {
			parts = append(parts, evidence.Clean(s))
		}
	}
	if holder && len(p.Threads) > 0 {
		t := p.Threads[0]
		if t.Syscall != "" {
			parts = append(parts, "in "+t.Syscall)
		}
		if t.On != nil && t.On.Conn != nil {
			parts = append(parts, fmt.Sprintf("to %s, %d bytes queued", evidence.Clean(t.On.Conn.Remote), t.On.Conn.SendQ))
		}
	}
	return strings.Join(parts, "  ")
}

func writeList(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "    %s\n", l)
	}
}

func writeImpact(b *strings.Builder, im diagnose.Impact) {
	var lines []string
	add := func(what string, names []string) {
		if len(names) == 0 {
			return
		}
		clean := make([]string, 0, len(names))
		for _, n := range names {
			clean = append(clean, evidence.Clean(n))
		}
		if len(clean) > 6 {
			clean = append(clean[:6], fmt.Sprintf("%d more", len(clean)-6))
		}
		lines = append(lines, what+": "+strings.Join(clean, ", "))
	}
	add("users", im.Users)
	add("mailboxes", im.Mailboxes)
	var services []string
	for name, n := range im.Services {
		services = append(services, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(services)
	add("waiting", services)
	for _, name := range im.Full {
		lines = append(lines, "every allowed process of "+evidence.Clean(name)+" waits: nobody new is served")
	}
	writeList(b, "Who suffers", lines)
}
