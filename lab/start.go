package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Running incident is there until [Running.Stop] or the end of this process.
type Running struct {
	Incident Incident
	Dir      string // holds all files of the incident; configdirectory; mode 0700
	Conf     string // its imapd.conf
	Seen     string // jwade's seen file, the one that is fought over in most incidents
	// PIDs are the processes by the part they play, those of one part in the order
	// in which they came: "root" is the cause, "waiter" waits for a lock,
	// "lmtpd" is a waiter that delivers, "idle" a worker at rest, "busy" one that
	// serves its client, "master" their parent, "client" the other end of a
	// connection, "helper" what else is needed.
	PIDs map[string][]int
	// Inside is a process whose PID and mount namespaces the looker has to enter
	// to see the incident as its victims do: nsenter -t PID -p -m. 0: none.
	Inside int

	keeper *keeper
}

// Stop ends every process of the incident, removes its folder, and says if
// anything is left. Calling it again changes nothing and returns the same.
func (r *Running) Stop() error {
	if err := r.keeper.end(r.Dir); err != nil {
		return fmt.Errorf("end incident %s: %w", r.Incident.Name, err)
	}
	return nil
}

// settleLimit is how long an incident may take to get into its state once its
// programs are compiled.
const settleLimit = 15 * time.Second

// Start compiles the programs of an incident unless that was done before,
// starts them, and returns when every process is in the state that the incident
// is about, as the kernel shows it. ctx governs the start only: when it ends
// before, everything is cleaned up. [ErrNoCompiler] tells that there is nothing
// to compile with; [Recorded] may help then.
func Start(ctx context.Context, name string) (*Running, error) {
	i, err := find(name)
	if err != nil {
		return nil, err
	}
	r, err := start(ctx, i)
	if err != nil {
		return nil, fmt.Errorf("start incident %s: %w", name, err)
	}
	return r, nil
}

func find(name string) (incident, error) {
	var known []string
	for _, i := range incidents() {
		if i.Name == name {
			return i, nil
		}
		known = append(known, i.Name)
	}
	return incident{}, fmt.Errorf("no incident is called %q: choose one of %s", name, strings.Join(known, ", "))
}

func start(ctx context.Context, i incident) (*Running, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	cc, err := findCompiler()
	if err != nil {
		return nil, err
	}
	dir, err := makeDir()
	if err != nil {
		return nil, err
	}
	r, err := play(ctx, i, cc, dir)
	if err != nil {
		err = errors.Join(err, os.RemoveAll(dir))
		return nil, err
	}
	return r, nil
}

// makeDir makes the incident's folder.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp("", "cyrlock-lab-")
	if err != nil {
		return "", fmt.Errorf("no place for the incident: set TMPDIR: %w", err)
	}
	abs, err := filepath.Abs(dir)
	if err == nil {
		// The kernel shows descriptors by their real path.
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err == nil && strings.ContainsFunc(abs, func(r rune) bool { return r < ' ' }) {
		err = fmt.Errorf("imapd.conf cannot name %q: set TMPDIR to a folder without control characters", abs)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return abs, nil
}

func play(ctx context.Context, i incident, cc compiler, dir string) (*Running, error) {
	home := programHome()
	if home == "" {
		if home = dir; !mayRunFrom(dir) {
			return nil, fmt.Errorf("%s is mounted noexec, and so is your cache or it is not private: set TMPDIR to a folder where programs may run", dir)
		}
	}
	bin, err := build(ctx, cc, home)
	if err != nil {
		return nil, err
	}
	k, err := startKeeper(bin, dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, settleLimit, fmt.Errorf("not ready within %s", settleLimit))
	defer cancel()
	s := &stage{ctx: ctx, bin: bin, Running: &Running{
		Incident: i.Incident,
		Dir:      dir,
		Conf:     filepath.Join(dir, "imapd.conf"),
		Seen:     filepath.Join(dir, "user", "p", "jwade.seen"),
		PIDs:     map[string][]int{},
		keeper:   k,
	}}
	err = i.play(s)
	if err == nil {
		err = s.eachReady() // a worker that took a client has woken the next in line
	}
	if err != nil {
		if log := s.log(); log != "" {
			err = fmt.Errorf("%w (its programs say: %s)", err, log)
		}
		return nil, errors.Join(err, k.end(dir))
	}
	s.noteIdle()
	return s.Running, nil
}
