package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"cyrlock/evidence"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s/%s, JSON schema %d\n", evidence.Tool, runtime.GOOS, runtime.GOARCH, evidence.Schema)
			return err
		},
	}
}
