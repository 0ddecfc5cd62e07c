package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
)

// follow runs the command that the shot picks from the frame, as somebody would who
// reads it there and types it in another window. Process numbers mean those of the
// namespace that the tour is in: no process of this machine can be reached.
func (s shot) follow(ctx context.Context, f frame) error {
	if s.runs == "" {
		return nil
	}
	command := regexp.MustCompile(s.runs).FindString(f.text())
	if command == "" {
		return fmt.Errorf("the frame shows no command like %q:\n%s", s.runs, f.text())
	}
	if out, err := exec.CommandContext(ctx, "sh", "-c", command+" "+s.with).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
}
