package route

import (
	"fmt"
	"strings"
)

// Lines are all that there is to say, for the screen and for standard output: the
// answer, what to do, what was looked at. Not cleaned: parts are what others wrote.
func (r Route) Lines() []string {
	lines := []string{r.Sentence}
	if len(r.Changes) > 0 {
		lines = append(lines, "", "What to do:")
		for i, c := range r.Changes {
			lines = append(lines, fmt.Sprintf("  %d. %s", i+1, c.What))
			switch {
			case c.File == "":
			case c.Replace:
				lines = append(lines, fmt.Sprintf("     %s, line %d becomes:", c.File, c.Line))
			case c.Line > 0:
				lines = append(lines, fmt.Sprintf("     %s, before line %d:", c.File, c.Line))
			default:
				lines = append(lines, fmt.Sprintf("     %s, a line at its end:", c.File))
			}
			if c.Put != "" {
				for put := range strings.SplitSeq(c.Put, "\n") {
					lines = append(lines, "         "+put)
				}
			}
			if c.Command != "" {
				lines = append(lines, "     then: "+c.Command)
			}
		}
		lines = append(lines, "  Then: cyrlock log --test")
	}
	lines = append(lines, "", "Which messages of the timed lock come out:")
	for _, l := range r.Levels {
		where := ""
		if l.seen() == Yes {
			where = "  " + l.where()
		}
		lines = append(lines, fmt.Sprintf("  %-9s %-6s  %s%s", l.seen(), l.Name, l.Messages, where))
	}
	lines = append(lines, "", "What was looked at:")
	for _, s := range r.Checks {
		line := fmt.Sprintf("  %-9s %s: %s", s.Verdict, s.Name, s.Sentence)
		for i, p := range s.Read {
			line += map[bool]string{true: " [", false: ", "}[i == 0] + p.File
			if p.Line > 0 {
				line += fmt.Sprintf(":%d", p.Line)
			}
		}
		if len(s.Read) > 0 {
			line += "]"
		}
		lines = append(lines, line)
	}
	if r.Proof == nil {
		lines = append(lines, "", "No test message was sent.")
	} else {
		lines = append(lines, "", fmt.Sprintf("%d test messages were sent to %s; they are in the log, and say that they are a test.", len(r.Proof.Sent), r.Proof.Socket))
	}
	return lines
}
