package fix

import (
	"errors"
	"fmt"
	"path/filepath"
)

// check refuses what only a mistake of ours could make.
func (p Plan) check() error {
	if len(p.Changes) == 0 {
		return errors.New("there is nothing to do")
	}
	for _, c := range p.Changes {
		if c.Act != nil && c.Act.Do == nil {
			return fmt.Errorf("%s: nobody said how", c.Text)
		}
	}
	return p.sound()
}

// sound says whether each change is one, also of a plan that was read from a receipt.
func (p Plan) sound() error {
	for _, c := range p.Changes {
		kinds := 0
		for _, there := range []bool{c.File != nil, c.Run != nil, c.Act != nil} {
			if there {
				kinds++
			}
		}
		switch {
		case kinds != 1:
			return fmt.Errorf("%s: it is not one change but %d", c.Text, kinds)
		case c.File != nil && (!filepath.IsAbs(c.File.Dir) || !filepath.IsLocal(c.File.Name)):
			return fmt.Errorf("%s: %q is no file below an absolute path", c.Text, filepath.Join(c.File.Dir, c.File.Name))
		case c.Run != nil && !(runnable(c.Run.Command) && runnable(c.Run.Undo)):
			return fmt.Errorf("%s: the path of the program is not known", c.Text)
		}
	}
	return nil
}

func runnable(command []string) bool { return len(command) == 0 || filepath.IsAbs(command[0]) }
