package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// blocking finds the one call that waits for the exclusive lock.
func blocking(all []token, f *function) (site, string, error) {
	body := all[f.open:f.close]
	for i, t := range body {
		switch {
		case t.is("alarm") && body[min(i+1, len(body)-1)].is("("):
			return site{}, "", fmt.Errorf("%w: it calls alarm(); take that patch out first", ErrOwnLimit)
		case t.is("LOCK_NB"), t.is("F_SETLK"), t.is("F_OFD_SETLK"):
			return site{}, "", fmt.Errorf("%w: it uses %s, which no release of Cyrus does here; perhaps it is half patched", ErrOwnLimit, t.text)
		}
	}
	if err := loops(all, f); err != nil {
		return site{}, "", err
	}
	flocks, err := flockCalls(all, f)
	if err != nil {
		return site{}, "", err
	}
	fcntls, err := fcntlCalls(all, f)
	if err != nil {
		return site{}, "", err
	}
	switch {
	case len(flocks)+len(fcntls) == 0:
		return site{}, "", errors.New("no call waits for an exclusive lock")
	case len(flocks)+len(fcntls) > 1:
		return site{}, "", errors.New("more than one call waits for an exclusive lock")
	}
	one, kind := append(flocks, fcntls...)[0], "flock"
	with := fmt.Sprintf("timedlock_flock(%s, LOCK_EX, filename)", one.args[0])
	if len(fcntls) == 1 {
		kind = "fcntl"
		with = fmt.Sprintf("timedlock_fcntl(%s, %s, filename)", one.args[0], one.args[2])
	}
	if !one.assigned(all) || f.sheltered(all, one.at) {
		return site{}, "", errors.New("the lock call is not a statement of its own, as in `r = flock(fd, LOCK_EX);`")
	}
	return site{f.name, all[one.at].start, all[one.to].end, with}, kind, nil
}

// loops is an error unless the function is the one that all releases have: it asks
// again after a signal, and knows the file by its name.
func loops(all []token, f *function) error {
	body := all[f.open:f.close]
	for _, need := range []string{"for", "EINTR", "dup2"} {
		if !has(body, need) {
			return fmt.Errorf("there is no %q in it, as in every release of Cyrus", need)
		}
	}
	if !has(all[f.params:f.open], "filename") {
		return errors.New("it has no parameter \"filename\"")
	}
	return nil
}

func flockCalls(all []token, f *function) ([]call, error) {
	found, err := calls(all, f, "flock")
	var waiting []call
	for _, c := range found {
		switch {
		case len(c.args) != 2:
			return nil, errors.New("a call of flock has not two arguments")
		case c.args[1] == "LOCK_EX":
			waiting = append(waiting, c)
		case c.args[1] != "LOCK_UN":
			return nil, fmt.Errorf("it calls flock with %s", c.args[1])
		}
	}
	return waiting, err
}

// fcntlCalls tells taking the lock from giving it back by what was last put into
// the request before the call: both are F_SETLKW.
func fcntlCalls(all []token, f *function) ([]call, error) {
	found, err := calls(all, f, "fcntl")
	var waiting []call
	for _, c := range found {
		if len(c.args) != 3 || c.args[1] != "F_SETLKW" || !strings.HasPrefix(c.args[2], "&") {
			return nil, fmt.Errorf("it calls fcntl(%s)", strings.Join(c.args, ", "))
		}
		switch kind := lastType(all[f.open:c.at], c.args[2][1:]); kind {
		case "F_WRLCK":
			waiting = append(waiting, c)
		case "F_UNLCK":
		default:
			return nil, fmt.Errorf("what lock fcntl(%s) asks for cannot be told (%q)", strings.Join(c.args, ", "), kind)
		}
	}
	return waiting, err
}

// lastType is what was last assigned to the request's l_type.
func lastType(body []token, request string) string {
	for i := len(body) - 6; i >= 0; i-- {
		if b := body[i:]; b[0].is(request) && b[1].is(".") && b[2].is("l_type") && b[3].is("=") && b[5].is(";") {
			return b[4].text
		}
	}
	return ""
}

func has(all []token, text string) bool {
	return slices.ContainsFunc(all, func(t token) bool { return t.is(text) })
}
