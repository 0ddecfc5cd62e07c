package diagnose

import (
	"fmt"

	"cyrlock/evidence"
)

// Title is what to do, in a few words: "end imapd 24870".
func (r *Report) Title(a Advice) string {
	whom := ""
	switch len(a.PIDs) {
	case 0:
	case 1:
		whom = fmt.Sprintf(" process %d", a.PIDs[0])
		if p := r.Process(a.PIDs[0]); p != nil {
			whom = " " + Name(*p)
		}
	default:
		whom = fmt.Sprintf(" all %d holders", len(a.PIDs))
	}
	switch a.Action {
	case "rejoin":
		return "make" + whom + " ask again"
	case "cancel":
		return "cancel" + whom + "'s wait"
	case "shim":
		return "timed lock, no rebuild"
	case "source":
		return "timed lock in the source"
	case "verify":
		return "see what the timed lock does"
	case "avoid":
		return "avoid it"
	case "nothing":
		if a.When == Next {
			return "no timed lock"
		}
		return "do nothing"
	}
	return evidence.Clean(a.Action) + whom
}

// AdviceFor is the advice that is about one time, [Now] or [Next].
func (r Root) AdviceFor(when string) []Advice { return adviceFor(r.Advice, when) }

// AdviceFor is the advice of a report without a root that is about one time.
func (r Report) AdviceFor(when string) []Advice { return adviceFor(r.Advice, when) }

func adviceFor(all []Advice, when string) (out []Advice) {
	for _, a := range all {
		if a.When == when {
			out = append(out, a)
		}
	}
	return out
}
