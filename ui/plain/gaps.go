package plain

// gaps says what could not be read, and why.
func (s *session) gaps() error {
	if !s.Seen {
		s.nothingSeen()
		return nil
	}
	all := s.Gaps()
	if len(all) == 0 {
		s.say("All that was looked for could be read.")
		return nil
	}
	return s.list(len(all), func(i int) { s.say("Not read: %s.", all[i]) })
}
