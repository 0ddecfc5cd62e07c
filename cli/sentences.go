package cli

import (
	"slices"
	"strings"

	"cyrlock/evidence"
)

// sentences are what an error says, one line for each of those that were joined
// (errors.Join) and none twice.
func sentences(err error) (lines []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{evidence.Clean(err.Error())}
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
		for _, line := range sentences(e) {
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	if strings.Join(texts, "\n") != err.Error() { // one sentence that wraps several
		return []string{evidence.Clean(err.Error())}
	}
	return lines
}
