package fix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"cyrlock/evidence"
)

// Apply carries a plan out. each, which may be nil, is told of every change of the
// receipt. If a step fails, those before it are taken back as far as that can be
// done; the receipt, which is returned with every error but those that came before
// anything was begun (its ID is 0 then), tells what was.
func (l Ledger) Apply(ctx context.Context, p Plan, each func(Receipt)) (Receipt, error) {
	if err := p.check(); err != nil {
		return Receipt{}, err
	}
	b, err := l.hold()
	if err != nil {
		return Receipt{}, err
	}
	defer b.close()
	j := &job{book: b, each: each}
	if err := j.begin(p); err != nil {
		return Receipt{}, noPlace(err)
	}
	err = j.carryOut(ctx)
	if err == nil {
		err = j.end(Applied)
	}
	if err != nil {
		j.receipt.Error = err.Error()
		err = errors.Join(err, j.fail())
	} else {
		j.tidy()
	}
	return j.receipt, err
}

// A job is a receipt under way.
type job struct {
	book    *book
	receipt Receipt
	each    func(Receipt)
}

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

// begin puts the receipt and the evidence on the disk. After an error there is
// nothing of them.
func (j *job) begin(p Plan) (err error) {
	r := &j.receipt
	*r = Receipt{State: Applying, Began: time.Now(), By: me(), Plan: p, Steps: make([]Step, len(p.Changes))}
	for i := range r.Steps {
		r.Steps[i].State = StepPlanned
	}
	if r.ID, err = j.book.next(); err != nil {
		return err
	}
	if p.Capture != nil {
		name := j.book.path(r.ID, "capture.json")
		if err := replace(j.book.root, name, p.Capture, owned{mode: 0o600, uid: -1, gid: -1}); err != nil {
			return fmt.Errorf("save the evidence: %w", err)
		}
		r.Saved = filepath.Join(j.book.dir, name)
	}
	if err = j.book.write(r); err == nil {
		err = j.book.note("begin", r)
	}
	if err != nil {
		for _, what := range []string{"json", "capture.json"} {
			_ = j.book.root.Remove(j.book.path(r.ID, what))
		}
	}
	return err
}

// carryOut does what needs room on a disk for all files first, and then one step
// after the other.
func (j *job) carryOut(ctx context.Context) error {
	r := &j.receipt
	for i, c := range r.Plan.Changes {
		if c.File != nil {
			r.Steps[i].File = new(Copy)
			if err := j.swap(i).look(j.book.path(r.ID, fmt.Sprintf("%d.before", i))); err != nil {
				r.Steps[i].File = nil
				return err
			}
		}
	}
	if err := j.book.write(r); err != nil {
		return err
	}
	for i, c := range r.Plan.Changes {
		if c.File != nil {
			if err := j.swap(i).ready(j.book.root); err != nil {
				return err
			}
		}
	}
	for i := range r.Plan.Changes {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := j.mark(i, StepDoing, ""); err != nil {
			return err
		}
		said, err := j.do(ctx, i)
		if err != nil {
			j.set(i, StepFailed, err.Error())
			return err
		}
		if err := j.mark(i, StepDone, said); err != nil {
			return fmt.Errorf("%s: done, but it could not be noted: %w", r.Plan.Changes[i].Text, err)
		}
	}
	return nil
}

func (j *job) do(ctx context.Context, i int) (said string, err error) {
	switch c := j.receipt.Plan.Changes[i]; {
	case c.File != nil:
		return "", j.swap(i).commit()
	case c.Run != nil:
		return "", run(ctx, c.Run.Command)
	default:
		return c.Act.Do(ctx)
	}
}

// runLimit bounds a program that a plan runs.
const runLimit = time.Minute

func run(ctx context.Context, command []string) error {
	if len(command) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = time.Second // for a child of it that keeps its output open
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, evidence.Clean(strings.TrimSpace(string(out[:min(len(out), 500)]))))
	}
	return nil
}

func (j *job) swap(i int) swap {
	return swap{change: j.receipt.Plan.Changes[i].File, copy: j.receipt.Steps[i].File, tag: fmt.Sprint(j.receipt.ID)}
}

// set notes a step's state here, mark also on the disk.
func (j *job) set(i int, s StepState, said string) {
	step := &j.receipt.Steps[i]
	step.State, step.At, step.Said = s, time.Now(), said
	j.tell()
}

func (j *job) mark(i int, s StepState, said string) error {
	j.set(i, s, said)
	return j.book.write(&j.receipt)
}

func (j *job) tell() {
	if j.each != nil {
		r := j.receipt
		r.Steps = append([]Step(nil), r.Steps...)
		j.each(r)
	}
}

// end closes the receipt.
func (j *job) end(s State) error {
	r := &j.receipt
	r.State, r.Ended = s, time.Now()
	word := string(s)
	err := j.book.note(word, r)
	if err == nil {
		err = j.book.write(r)
	}
	j.tell()
	return err
}

// fail takes back what was done.
func (j *job) fail() error {
	err := j.back()
	return errors.Join(err, j.end(Failed))
}

// tidy removes what is left beside the files.
func (j *job) tidy() {
	for i, s := range j.receipt.Steps {
		if s.File != nil {
			_ = j.swap(i).in(func(root *os.Root) error { j.swap(i).tidy(root); return nil })
		}
	}
}
