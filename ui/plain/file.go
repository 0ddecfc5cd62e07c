package plain

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// file says all about one file: its path and how that is known, then everyone who
// has it open, in the order of the queue.
func (s *session) file(r *scene.FileRow) error {
	if !asked(r) && r.File.Path != "" && !s.recorded() {
		q := evidence.Query{File: r.File.Path, Openers: true}
		seen, err := s.look(q, beside)
		switch {
		case err != nil:
			return err
		case seen.err != nil:
			s.say("Who else has it open could not be asked: %s.", s.Text(scene.FirstLine(seen.err)))
		case answers(seen, q):
			r = r.With(seen.scene)
		}
	}
	f := r.File
	s.hears(0, f)
	if len(f.Holders) > 0 && f.Holders[0].PID > 0 {
		s.hears(f.Holders[0].PID, f)
	}
	if f.Path != "" {
		s.sayWhole("Path: " + s.Text(f.Path))
	}
	s.say("How the path is known: %s.", r.Known())
	if f.Ino != 0 {
		s.say("Lock: %s; device %s, inode %d%s.", lockWords(f), cmp.Or(s.Text(f.Dev), "not known"), f.Ino, s.on(f))
	}
	s.say("What this means: %s", r.Meaning())
	parties := r.Parties()
	if len(parties) == 0 {
		s.say("No process that could be read has it open.")
		return nil
	}
	if asked(r) {
		s.say("%s it open.", evidence.Plural(len(parties), "process has", "processes have"))
	} else {
		s.say("%s it or wait for it; who else has it open was not asked.", evidence.Plural(len(parties), "process holds", "processes hold"))
	}
	return s.list(len(parties), func(i int) { s.say("%s", s.party(&parties[i])) })
}

func lockWords(f *evidence.File) string {
	if f.Lock == "" {
		return "none"
	}
	return scene.LockWords(f.Lock)
}

// on is the filesystem, and what became of the name.
func (s *session) on(f *evidence.File) string {
	out := ""
	if f.FS != "" {
		out += " on " + s.Text(f.FS)
	}
	if f.Deleted {
		out += "; DELETED: no name leads to it any more"
	}
	if f.Replaced {
		out += "; REPLACED: its name now leads to another file"
	}
	return out
}

// asked tells whether those that only have the file open are known.
func asked(r *scene.FileRow) bool { return r.Asked != nil || len(r.Open) > 0 }

// party is one process and its part: "Waiter 1: imapd 24876, user jwade, …".
func (s *session) party(p *scene.Party) string {
	out := capital(p.RoleWords()) + ": " + p.Name() + s.about(p.Proc)
	if p.FD >= 0 {
		out += fmt.Sprintf(", descriptor %d", p.FD)
	}
	if p.Role == scene.Opens {
		out += ", lock " + p.LockWords(false)
	} else {
		out += ", " + p.LockWords(false)
	}
	if since := p.Since(); since != "" {
		out += ", for " + since
	}
	if doing := p.Doing(); doing != "" {
		out += ": " + doing
	}
	return out + "."
}

// about is whom a process serves.
func (s *session) about(p *evidence.Process) string {
	if p == nil {
		return ""
	}
	out := ""
	for _, part := range [][2]string{{"user", p.User}, {"mailbox", p.Mailbox}, {"client", p.Client}} {
		if part[1] != "" {
			out += ", " + part[0] + " " + s.Text(part[1])
		}
	}
	return out
}

// capital begins a line.
func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
