package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A run is cyrlock, started once, and the shots taken of it, in order.
type run struct {
	args       []string
	cols, rows int      // of the terminal; 0: there is none, and one shot of the output
	env        []string // beside what every run gets
	typed      string   // without a terminal: its standard input
	quit       string   // the key that ends it
	shots      []shot
}

// A shot is taken when a key was typed and the terminal then shows all that is listed.
// Without a name it is only a step on the way.
type shot struct {
	name  string
	says  string   // for those who cannot see the picture
	key   string   // a name of keys(), or text typed as it is; "": none
	shows []string // regular expressions (regexp/syntax) on the frame's words
}

func (r run) piped() bool { return r.cols == 0 }

// environment has nothing of this machine's but where its programs are.
func (r run) environment() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/root", "TZ=UTC", "TERM=xterm-256color", "LANG=C.UTF-8"}, r.env...)
}

// play starts the program, takes the shots, and has it quit.
func (r run) play(ctx context.Context, tool string) (map[string]frame, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(len(r.shots)+1)*patience)
	defer cancel()
	cmd := politely(exec.CommandContext(ctx, tool, r.args...))
	cmd.Env = r.environment()
	if r.piped() {
		return r.read(cmd)
	}
	t, err := open(cmd, r.cols, r.rows)
	if err != nil {
		return nil, err
	}
	defer func() { cancel(); t.close() }()
	frames := map[string]frame{}
	for i, s := range r.shots {
		f, err := t.take(s)
		if err != nil {
			return nil, fmt.Errorf("shot %d %q, key %q: %w", i+1, s.name, s.key, err)
		}
		if s.name != "" {
			frames[s.name] = f
		}
	}
	return frames, t.end(r.quit)
}

// read is the one shot of a run without a terminal: all that it prints.
func (r run) read(cmd *exec.Cmd) (map[string]frame, error) {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	cmd.Stdin = strings.NewReader(r.typed)
	s := r.shots[0]
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("shot %q: %w\n%s%s", s.name, err, out, &complaint)
	}
	f := printed(string(out))
	if missing := s.missing(f); missing != "" {
		return nil, fmt.Errorf("shot %q: it does not print %q:\n%s", s.name, missing, out)
	}
	return map[string]frame{s.name: f}, nil
}

// missing is the first of what the shot waits for that the frame does not show.
// Words are compared, however the lines are broken.
func (s shot) missing(f frame) string {
	words := strings.Join(strings.Fields(f.text()), " ")
	for _, want := range s.shows {
		if !regexp.MustCompile(want).MatchString(words) {
			return want
		}
	}
	return ""
}
