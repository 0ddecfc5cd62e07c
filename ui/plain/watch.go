package plain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// watch says what became of each hang, then what happened, the newest first.
func (s *session) watch() error {
	s.fromLog()
	s.waiting()
	for i := range s.Hangs {
		s.say("%s", s.hang(&s.Hangs[i]))
	}
	s.log()
	all := newestFirst(s.story.All())
	if len(all) == 0 {
		s.say("Nobody came or went since the first look, %s.", ago(s.now().Sub(s.firstAt)))
		return nil
	}
	if missing := s.story.Missing(); missing > 0 {
		s.say("What happened, the newest first, without %s of the log:", evidence.Plural(missing, "line", "lines"))
	} else {
		s.say("What happened, the newest first:")
	}
	return s.list(len(all), func(i int) { s.happened(all[i]) })
}

// newestFirst turns the looks around, not what each of them showed. Hangs are left
// out: they are told as a whole.
func newestFirst(all []*scene.Entry) []*scene.Entry {
	all = slices.DeleteFunc(slices.Clone(all), func(e *scene.Entry) bool { return e.Event != nil && isHang(*e.Event) })
	slices.SortStableFunc(all, func(a, b *scene.Entry) int { return b.At.Compare(a.At) })
	return all
}

func isHang(e diagnose.Event) bool {
	return e.Kind == diagnose.HangBegan || e.Kind == diagnose.HangCleared
}

// waiting is how many wait, and since when.
func (s *session) waiting() {
	oldest := ""
	if s.Report.Waiting > 0 {
		oldest = ", the longest for " + diagnose.Age(s.Report.OldestS)
	}
	s.say("Waiting now: %s%s.", evidence.Plural(s.Report.Waiting, "process", "processes"), oldest)
}

// hang is one hang from its beginning to its end.
func (s *session) hang(h *diagnose.Hang) string {
	if !h.Cleared.IsZero() {
		return "Over at " + s.Cleared(*h)
	}
	return fmt.Sprintf("Hang: %s It began at %s, and at most %s waited.", h.What, clock(h.Began), evidence.Plural(h.Most, "process", "processes"))
}

func (s *session) event(e diagnose.Event) {
	s.say("%s: %s.", clock(e.At), strings.TrimSuffix(e.Text, "."))
}

func clock(t time.Time) string { return t.Format("15:04:05") }

func (s *session) watchChoices() string {
	if s.recorded() {
		return ""
	}
	choices := "f: follow"
	if s.options.Log != nil {
		choices += ", t: test the log, m: how long waits took"
	}
	return choices
}

func (s *session) watchOther(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "f", "follow":
		return true, s.follow()
	case "t", "test":
		return true, s.test()
	case "m", "maxtime":
		return true, s.maxtime()
	}
	return false, nil
}

// silence is after how long without news it says that it still looks.
const silence = time.Minute

// slowest is how far apart looks get that take long.
const slowest = 30 * time.Second

// follow looks again and again, and says a line for each change, until enter.
func (s *session) follow() error {
	if s.recorded() {
		s.say("This is recorded: it does not change.")
		return nil
	}
	s.say("Following, with a look every %v. Enter ends it.", s.options.Every)
	failed, looks, heard := "", 0, s.now()
	for {
		began := time.Now()
		if err := s.glance(&failed); err != nil {
			return err
		}
		looks++
		for _, e := range s.news {
			s.event(e)
			heard = s.now()
		}
		if s.tellLog() {
			heard = s.now()
		}
		if s.now().Sub(heard) >= silence {
			s.waiting()
			heard = s.now()
		}
		if len(s.kept) > 0 { // typed while it looked
			break
		}
		// At most a tenth of the time goes into looks.
		done, err := s.rest(max(s.options.Every, min(10*time.Since(began), slowest)), &heard)
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	if strings.TrimSpace(s.kept[0]) == "" {
		s.kept = s.kept[1:]
	}
	s.say("No longer following, after %s.", evidence.Plural(looks, "look", "looks"))
	s.waiting()
	return nil
}

// rest waits until the next look is due, and says what the log brings meanwhile. It is
// done with following when a line is typed.
func (s *session) rest(long time.Duration, heard *time.Time) (done bool, err error) {
	due, listen := time.NewTimer(long), time.NewTicker(time.Second)
	defer due.Stop()
	defer listen.Stop()
	for {
		select {
		case l := <-s.next():
			s.took()
			if l.err != nil {
				return true, l.err
			}
			s.kept = append(s.kept, l.text)
			return true, nil
		case <-s.ctx.Done():
			return true, errEnd
		case <-listen.C:
			if s.tellLog() {
				*heard = s.now()
			}
		case <-due.C:
			return false, nil
		}
	}
}

// glance is one look while following; a failure is said when it is another one.
func (s *session) glance(failed *string) error {
	seen, err := s.look(s.options.Query, again)
	if err != nil {
		return err
	}
	s.keep(seen)
	why := ""
	if seen.err != nil {
		why = scene.FirstLine(seen.err)
	}
	if why != *failed {
		if why != "" {
			s.say("The look failed: %s. What was seen %s stays.", s.Text(why), ago(s.now().Sub(s.dataAt)))
		} else {
			s.say("The looks work again.")
		}
	}
	*failed = why
	return nil
}
