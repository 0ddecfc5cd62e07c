package plain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// stacks lists the places where processes stand, each with how many stand there.
func (s *session) stacks() error {
	s.stood = s.Buckets
	if len(s.Buckets) == 0 {
		if s.Report.Waiting > 0 {
			s.say("No stack could be read, g says why.")
		} else {
			s.say("No process waits, and none was asked for: there are no stacks to tell.")
		}
		return nil
	}
	how := "read without stopping anything"
	if s.Stopped > 0 {
		how = evidence.Plural(s.Stopped, "was", "were") + " stopped for a moment"
	}
	s.say("%s, %s, %s.", evidence.Plural(s.Standing, "process", "processes"), evidence.Plural(len(s.Buckets), "stack", "different stacks"), how)
	return s.list(len(s.Buckets), func(i int) { s.say("%d: %s", i+1, s.bucketSentence(&s.Buckets[i])) })
}

func (s *session) stackItems() int { return len(s.stood) }

// bucketSentence counts the processes of a stack and says what they have in common.
func (s *session) bucketSentence(b *scene.Bucket) string {
	const named = 4
	part := map[scene.Part]string{scene.Holder: "holder", scene.Circle: "in a circle", scene.Waiter: "waiter", scene.Other: "other"}[b.Part]
	if len(b.Members) > 1 && (b.Part == scene.Holder || b.Part == scene.Waiter) {
		part += "s"
	}
	out := fmt.Sprintf("%s %s, %s", evidence.Thousands(len(b.Members)), part, s.Name(b.Members[0].Proc.PID))
	for i, m := range b.Members[1:] {
		if i == named-1 {
			out += " and " + evidence.Thousands(len(b.Members)-named) + " more"
			break
		}
		out += fmt.Sprintf(", %d", m.Proc.PID)
	}
	if b.File != nil {
		verb := map[scene.Part]string{scene.Holder: "holding ", scene.Circle: "waiting for ", scene.Waiter: "waiting for "}[b.Part]
		out += ", " + verb + s.FileName(b.File)
	}
	if since := b.Members[0].Since(); since != "" {
		if len(b.Members) > 1 {
			out += ", the longest"
		}
		out += " for " + since
	}
	return out + ": " + s.Doing(b.Members[0].Proc, b.Members[0].Thread) + "."
}

func (s *session) stackChoices() string {
	if !s.asking {
		return ""
	}
	return "the number of a process: its own stack" + s.exactChoice()
}

func (s *session) pickStack(n int) error {
	s.tellStack(&s.stood[n-1], s.stood[n-1].Members[0])
	return nil
}

// tellStack says one stack as it is in one of its processes.
func (s *session) tellStack(b *scene.Bucket, m scene.Member) {
	s.hears(m.Proc.PID, b.File)
	s.say("What this means: %s", s.Meaning(b, m))
	thread := ""
	if m.Thread.TID != m.Proc.PID {
		thread = fmt.Sprintf(", thread %d", m.Thread.TID)
	}
	s.say("%s of %s%s, the innermost first.", evidence.Plural(len(m.Thread.Frames), "frame", "frames"), s.Name(m.Proc.PID), thread)
	s.frames(m.Thread)
	if others := len(b.Members) - 1; others > 0 {
		s.say("The same in %s more: %s.", evidence.Thousands(others), s.members(b, m))
	}
}

// members names the others.
func (s *session) members(b *scene.Bucket, but scene.Member) string {
	const most = 20
	var out []string
	for _, m := range b.Members {
		if m == but {
			continue
		}
		if len(out) == most {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %s more", evidence.Thousands(len(b.Members)-1-most))
		}
		out = append(out, fmt.Sprint(m.Proc.PID))
	}
	return strings.Join(out, ", ")
}

// stackOther takes the pid of a process that stands somewhere, and the wish for
// an exact stack.
func (s *session) stackOther(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "x", "exact", "exact stack":
		return true, s.exact()
	}
	for i := range s.stood {
		b := &s.stood[i]
		at := slices.IndexFunc(b.Members, func(m scene.Member) bool { return m.Proc.PID == number(text) })
		if at >= 0 {
			s.tellStack(b, b.Members[at])
			return true, nil
		}
	}
	return false, nil
}

func (s *session) function(f *evidence.Frame) string {
	switch {
	case f.Signal:
		return "signal handler called"
	case f.Func == "":
		return "no symbol at " + f.PC.String()
	}
	return s.Text(f.Func)
}

// source is where the code is.
func (s *session) source(f *evidence.Frame) string {
	switch {
	case f.File != "":
		return fmt.Sprintf("%s line %d", s.Text(path.Base(f.File)), f.Line)
	case f.Func == "" && f.Module != "":
		return s.Text(path.Base(f.Module)) + " plus " + f.Offset.String()
	}
	return ""
}
