package plain

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// sentence is the whole of it in one line, with the verdict in front.
func (s *session) sentence() {
	word, _ := s.Badge(s.Report.Verdict)
	s.say("%s: %s", word, s.Report.Summary)
}

// root is the chain that is talked of; nil: there is none.
func (s *session) root() *diagnose.Root {
	if s.chain >= len(s.Report.Roots) {
		return nil
	}
	return &s.Report.Roots[s.chain]
}

// verdict says what everything waits for, what is safe to do about it, how that
// is known, and then who waits.
func (s *session) verdict() error {
	r := s.root()
	if r == nil {
		return s.quiet()
	}
	switch n := len(s.Report.Roots); {
	case s.chain > 0:
		s.say("Chain %d of %d: %s", s.chain+1, n, r.Sentence)
	case n > 1: // the sentence of all began with it
		s.say("Chain 1 of %d, n says the next.", n)
	}
	s.hears(max(0, r.PID), s.Holds(r.PID))
	if len(r.Advice) > 0 {
		s.say("Safe to do: %s.", s.Advice(r.Advice[0]))
		s.toType(r.Advice[0])
	}
	if line := s.Impact(r.Impact); line != "" {
		s.say("Who suffers: %s.", line)
	}
	s.say("Kind of hang: %s, %s.", r.Class, scene.Sure(r.Confidence))
	if meaning := scene.Meaning(r.Class); meaning != "" {
		s.say("What that means: %s", meaning)
	}
	for _, why := range s.Why(r, false) {
		s.say("How we know: %s.", why)
	}
	if r.Doubt != "" {
		s.say("To be sure: %s.", strings.TrimSuffix(r.Doubt, "."))
	} else if r.Confidence == diagnose.Certain {
		s.say("To be sure: nothing more is needed, each of these was read from the kernel.")
	}
	for i := range s.Report.Aside {
		s.say("Not the mail server's, and not part of the verdict: %s", s.Report.Aside[i].Sentence)
	}
	return s.tree()
}

// tree says who holds and who waits, and behind whom.
func (s *session) tree() error {
	var rows []scene.Row
	for _, row := range s.Rows(scene.Folds{}) {
		if row.Root == s.chain {
			rows = append(rows, row)
		}
	}
	return s.list(len(rows), func(i int) { s.say("%s.", s.treeSentence(&rows[i])) })
}

func (s *session) treeSentence(r *scene.Row) string {
	p := s.Proc(r.PID)
	switch {
	case r.Node.Kind == scene.FileNode:
		return s.treeFile(r)
	case r.More > 0:
		return fmt.Sprintf("And %s more %s behind %s", evidence.Thousands(r.More), s.Text(scene.Program(p)), s.above(r))
	case r.Node.Kind == scene.HolderNode && r.PID == 0:
		return "Holder: nobody that can be seen from here"
	case r.Node.Kind == scene.HolderNode && r.Wait != nil:
		return fmt.Sprintf("In the circle: %s%s, holds %s and waits for %s", s.Name(r.PID), s.about(p), s.FileName(r.Holds), s.FileName(r.File))
	case r.Node.Kind == scene.HolderNode:
		t := scene.Telling(p, r.PID)
		since := ""
		if t != nil {
			since = scene.Since(t.SinceS, t.SinceHow)
		}
		return "Holder: " + s.Name(r.PID) + s.about(p) + forWords(since) + ": " + s.Doing(p, t)
	}
	out := fmt.Sprintf("Waiter %d: ", r.Place)
	if r.Depth > 1 {
		out = fmt.Sprintf("Behind %s, waiter %d: ", s.above(r), r.Place)
	}
	out += s.Name(r.PID) + s.about(p)
	if r.Wait != nil {
		out += forWords(scene.Since(r.Wait.SinceS, r.Wait.SinceHow))
	}
	if r.Holds != nil {
		out += ", holds " + s.FileName(r.Holds) + " itself, for which " + cmp.Or(countWords(len(r.Holds.Waiters), "waits", "wait"), "nobody waits")
	}
	if r.Wait != nil {
		out += ": " + s.Doing(p, scene.Telling(p, r.Wait.TID))
	}
	return out
}

// above is whom a row waits for.
func (s *session) above(r *scene.Row) string {
	if r.Up == nil || r.Up.Kind == scene.FileNode {
		return "it"
	}
	return s.Name(r.Up.PID)
}

func (s *session) treeFile(r *scene.Row) string {
	if r.File == nil {
		return "File: " + s.Short(s.Report.Roots[r.Root].File)
	}
	out := "File: " + s.FileName(r.File)
	if kind := r.File.Kind; kind != "" && kind != string(diagnose.Other) {
		out += ", " + s.Text(kind)
	}
	out += ", lock " + scene.LockWords(r.File.Lock)
	if r.File.Deleted {
		out += ", DELETED"
	}
	if r.File.Replaced {
		out += ", REPLACED"
	}
	return out + "; " + evidence.Plural(len(r.File.Waiters), "waits", "wait") + " for it"
}

// quiet is what to say where nobody waits.
func (s *session) quiet() error {
	c := s.Report.Host.Cyrus
	if meaning := s.VerdictMeaning(); meaning != "" {
		s.say("What that means: %s", meaning)
	}
	if c.Master != 0 {
		s.say("Cyrus: %s.", s.Cyrus(c))
	} else {
		s.say("Cyrus: no running master was found.")
	}
	if c.Conf != "" {
		s.say("Configuration: %s", s.Text(c.Conf))
	}
	for i := range s.Report.Aside {
		s.say("Not the mail server's, and not part of the verdict: %s", s.Report.Aside[i].Sentence)
	}
	s.say("To ask more: 1, then a user or a path, says who has it open and what those processes do.")
	return nil
}

func (s *session) verdictChoices() string {
	if len(s.Report.Roots) > 1 {
		return "n: next chain"
	}
	return ""
}

func (s *session) verdictOther(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "n", "next", "next chain":
		if n := len(s.Report.Roots); n > 1 {
			s.chain = (s.chain + 1) % n
			return true, s.verdict()
		}
		s.say("There is no other chain.")
		return true, nil
	}
	return false, nil
}
