package screen

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
)

// TestTmux draws frames on a second emulator, which was made by others: what the
// differences add up to looks like the frame.
func TestTmux(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal("tmux is not installed")
		}
		t.Skip("NOT TESTED: tmux is not installed")
	}
	dir, err := os.MkdirTemp("", "screen") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tmux := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("tmux", append([]string{"-u", "-S", filepath.Join(dir, "tmux")}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	const w, h = 70, 20
	tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h), "stty raw -echo; echo ready; exec sleep 1000")
	t.Cleanup(func() { tmux("kill-server") })
	tmux("set", "-g", "status", "off")
	eventually(t, "the pane", func() bool { return strings.Contains(tmux("capture-pane", "-p"), "ready") })
	size := strings.TrimSpace(tmux("display-message", "-p", "#{pane_width} #{pane_height}"))
	if size != fmt.Sprint(w, h) {
		t.Fatalf("the pane is %s", size)
	}
	pane, err := os.OpenFile(strings.TrimSpace(tmux("display-message", "-p", "#{pane_tty}")), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pane.Close()
	marks := 0
	// looks draws, and waits until tmux has drawn it too: the title comes behind.
	looks := func(sent []byte) string {
		t.Helper()
		marks++
		mark := fmt.Sprintf("drawn %d", marks)
		if _, err := fmt.Fprintf(pane, "%s\x1b]2;%s\x1b\\", sent, mark); err != nil {
			t.Fatal(err)
		}
		eventually(t, mark, func() bool { return strings.TrimSpace(tmux("display-message", "-p", "#{pane_title}")) == mark })
		return tmux("capture-pane", "-p", "-e", "-N")
	}
	r := rand.New(rand.NewPCG(3, 4))
	f := frame{w: w, h: h}
	var c canvas
	looks([]byte("\x1b[?1049h\x1b[2J"))
	for range 40 {
		f = changed(r, f)
		// What tmux says is drawn, style by style, is drawn by the other emulator.
		got := vt.NewEmulator(w, h)
		if _, err := got.WriteString(strings.ReplaceAll(strings.TrimSuffix(looks(c.draw(f)), "\n"), "\n", "\r\n")); err != nil {
			t.Fatal(err)
		}
		sameScreen(t, fmt.Sprintf("frame %q", f.text), got, simply(f))
	}
}
