// Command pictures makes the pictures of the documentation: it runs cyrlock in a
// terminal, types the keys listed in tour.go, and keeps what the terminal shows.
// Nothing in them is drawn by hand, and nothing of the machine that they are made
// on is in them: host name, processes and time zone are others.
//
//	pictures TOOL DIRECTORY [DOCUMENT...]
//
// Each shot becomes DIRECTORY/NAME.svg; in each document (Markdown) the text between
// "<!-- frame: NAME -->" and "<!-- end -->" becomes the same frame as text. Nothing is
// written before every shot is made. It needs root.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	args, code := os.Args[1:], 0
	err := errors.New("usage: pictures TOOL DIRECTORY [DOCUMENT...]")
	switch {
	case len(args) > 2 && args[0] == inside:
		err = draw(ctx, args[1], args[2], args[3:])
	case len(args) > 1:
		code, err = apart(ctx, args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		code = 1
	}
	stop()
	os.Exit(code)
}

// draw makes every picture, and then writes them all.
func draw(ctx context.Context, tool, dir string, documents []string) error {
	if err := settle(); err != nil {
		return err
	}
	tool, err := filepath.Abs(tool)
	if err != nil {
		return err
	}
	files := map[string]string{} // path → content
	texts := map[string]string{} // shot → its frame as text
	for _, r := range tour() {
		frames, err := r.play(ctx, tool)
		if err != nil {
			return err
		}
		for _, s := range r.shots {
			f, taken := frames[s.name]
			if !taken {
				continue
			}
			texts[s.name] = f.text()
			if !r.piped() {
				files[filepath.Join(dir, s.name+".svg")] = f.svg("cyrlock: " + s.says)
			}
		}
	}
	for _, name := range documents {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if files[name], err = withFrames(string(old), texts); err != nil {
			return fmt.Errorf("%s:%w", name, err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
