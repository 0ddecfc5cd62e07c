package fix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
	j, err := l.begin(ctx, p)
	if err != nil {
		return Receipt{}, err
	}
	defer j.book.close()
	j.each = each
	if err = j.carryOut(ctx); err == nil {
		err = j.end(Applied)
	}
	if err != nil {
		j.receipt.Error = err.Error()
		if more := j.fail(); more != nil && !strings.Contains(err.Error(), more.Error()) { // a full disk is named once
			err = errors.Join(err, more)
		}
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
		return noPlace(err)
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
			j.set(i, StepPlanned, "")
			return noPlace(err)
		}
		said, err := j.do(ctx, i)
		if err != nil {
			j.set(i, StepFailed, err.Error())
			if c := r.Plan.Changes[i]; c.Act != nil { // files and programs are named in their errors
				err = fmt.Errorf("%s: %w", c.Text, err)
			}
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
