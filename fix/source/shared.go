package source

import (
	"errors"
	"fmt"
	"strings"
)

// shared finds the call for the locks that are not reopened. In 3.x all go through
// lock_setlock, shared or not, waiting or not.
func shared(all []token, found []function, shape Shape, kind string) (site, error) {
	name, need := "lock_shared", "filename"
	if shape == Set {
		name, need = "lock_setlock", "nonblock"
	}
	f, err := only(found, name)
	switch {
	case err != nil:
		return site{}, err
	case shape == Classic:
		return site{}, errors.New("--also-shared: lock_shared of these releases does not know the name of its file, so mailboxes.db could not be left out")
	case f == nil:
		return site{}, fmt.Errorf("--also-shared: no function %s is in it", name)
	}
	one, err := calls(all, f, kind)
	params := all[f.params:f.open]
	switch {
	case err != nil:
		return site{}, fmt.Errorf("%s: %w", name, err)
	case !has(params, "filename") || !has(params, need):
		return site{}, fmt.Errorf("%s: it has no parameters \"filename\" and %q", name, need)
	case len(one) != 1 || !one[0].assigned(all) || f.sheltered(all, one[0].at):
		return site{}, fmt.Errorf("%s: there is not exactly one lock call that is a statement of its own", name)
	case shape != Set && !sharedOnly(all, f, one[0]):
		return site{}, fmt.Errorf("%s: the lock that it asks for is not a shared one", name)
	}
	c := one[0]
	with := fmt.Sprintf("timedlock_%s(%s, %s, filename)", kind, c.args[0], c.args[len(c.args)-1])
	if shape == Set {
		with = fmt.Sprintf("(nonblock ? %s(%s) : %s)", kind, strings.Join(c.args, ", "), with)
	}
	return site{name, all[c.at].start, all[c.to].end, with}, nil
}

// sharedOnly reports whether the call waits for a shared lock and nothing else.
func sharedOnly(all []token, f *function, c call) bool {
	switch {
	case len(c.args) == 2:
		return c.args[1] == "LOCK_SH"
	case len(c.args) == 3:
		return c.args[1] == "F_SETLKW" && lastType(all[f.open:c.at], strings.TrimPrefix(c.args[2], "&")) == "F_RDLCK"
	}
	return false
}
