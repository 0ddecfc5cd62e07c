// Package early keeps the program from asking the terminal questions before it
// has said anything.
//
// Bubble Tea v1 asks for the background colour in its init, and waits up to five
// seconds on a terminal that does not answer. Lip Gloss does not ask when the
// answer is set already. Go initialises ready packages in the order of their
// import paths, and "cyrlock/ui/early" sorts before "github.com/charmbracelet".
package early

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
