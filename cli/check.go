package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// Exit codes of a monitoring plugin (Monitoring Plugins Development Guidelines);
// OK is 0, as everywhere.
const (
	pluginWarning  = 1
	pluginCritical = 2
	pluginUnknown  = 3
)

// lookLimit bounds a whole look: every single read has its own, shorter limit.
const lookLimit = 30 * time.Second

func newCheck(s *settings) *cobra.Command {
	var q evidence.Query
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "One look at this machine: who waits, who holds, why",
		Long: `check takes one look and reports on standard output; it needs no terminal.
It exits as a monitoring plugin: 0 OK, 1 WARNING (slow), 2 CRITICAL (hung),
3 UNKNOWN. The first line is the plugin's; the rest is for people.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := focus(&q); err != nil {
				return err
			}
			m, closeMachine := s.machine(stack.Options{})
			defer closeMachine()
			report, err := s.look(cmd, m, q)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				err = writeJSON(out, report)
			} else {
				err = writeReport(out, report, s.plain())
			}
			return errors.Join(err, pluginExit(report.Verdict))
		},
	}
	cmd.Flags().StringVar(&q.User, "user", "", "only what concerns this user's seen file, and everyone who has it open")
	cmd.Flags().StringVar(&q.File, "file", "", "only what concerns this file, and everyone who has it open; it is not opened itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the evidence and the report as JSON (docs/json.md)")
	return cmd
}

// focus checks what was asked for. The path is only ever compared.
func focus(q *evidence.Query) error {
	switch {
	case q.User != "" && q.File != "":
		return usageError{errors.New("--user and --file: choose one")}
	case strings.ContainsAny(q.User, "/\x00"):
		return usageError{fmt.Errorf("--user %q: a Cyrus userid has no slash; for a file use --file", q.User)}
	case q.File != "":
		abs, err := filepath.Abs(q.File)
		if err != nil {
			return fmt.Errorf("--file %s: give an absolute path: %w", q.File, err)
		}
		q.File = abs
	}
	q.Openers = q.User != "" || q.File != ""
	return nil
}

// looker is a machine that can be looked at once.
type looker interface {
	Look(ctx context.Context, q evidence.Query) (evidence.Snapshot, error)
}

func (s *settings) look(cmd *cobra.Command, m looker, q evidence.Query) (diagnose.Report, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), lookLimit)
	defer cancel()
	snapshot, err := m.Look(ctx, q)
	if err != nil {
		return diagnose.Report{}, err
	}
	return diagnose.Diagnose(snapshot, diagnose.Options{Threshold: s.threshold}), nil
}

func pluginExit(v diagnose.Verdict) error {
	switch v {
	case diagnose.Healthy:
		return nil
	case diagnose.Slow:
		return exit(pluginWarning)
	case diagnose.Hung:
		return exit(pluginCritical)
	}
	return exit(pluginUnknown)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(v)
}
