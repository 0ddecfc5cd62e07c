package rescue

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// loopEnv makes this program one that cancels for ever: "PID INODE DEVICE".
const loopEnv = "CYRLOCK_CANCEL_LOOP"

func cancelLoop() int {
	var w wait
	if _, err := fmt.Sscan(os.Getenv(loopEnv), &w.pid, &w.fd, &w.file.Ino, &w.file.Dev); err != nil {
		fmt.Println(err)
		return 1
	}
	w.tid = w.pid
	for done := 0; ; {
		if w.once(context.Background()) != nil {
			continue
		}
		if done++; done == 1 {
			fmt.Println("ready")
		}
	}
}

// killsEach is how often one that cancels is killed.
const killsEach = 200

// One that cancels is killed at any moment, also while its target stands still. The
// target is never left stopped or traced, and goes on either as if nothing had been
// or with EAGAIN: in both cases it asks for the lock again.
func TestKilledWhileItCancels(t *testing.T) {
	c := contend(t, compile(t, "contend"), "flock", 2, 1000)
	pid, traced := c.pids[0], 0
	for i := range killsEach {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d %s", loopEnv, pid, c.wait(pid).fd, c.file.Ino, c.file.Dev))
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			_, _ = cmd.Process.Kill(), cmd.Wait()
			t.Fatalf("it says %q", line)
		}
		// Not a wait for something: the moment of the kill has to be any moment.
		moment := time.Now().Add(rand.N(3 * time.Millisecond))
		aimed := i%2 == 0
		for time.Now().Before(moment) || aimed && status(pid, "TracerPid") == "0" {
			if time.Since(moment) > time.Second {
				break
			}
		}
		if status(pid, "TracerPid") != "0" {
			traced++
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		turns := c.turns()
		eventually(t, func() string {
			state, tracer := status(pid, "State"), status(pid, "TracerPid")
			if tracer != "0" || state == "" || strings.ContainsAny(state[:1], "tTZX") || c.turns() == turns {
				return fmt.Sprintf("kill %d: state %q, tracer %q, %d turns and before %d", i, state, tracer, c.turns(), turns)
			}
			return ""
		})
	}
	if v, e := c.violations(), c.errors(); v != 0 || e != 0 {
		t.Errorf("%d times two had the lock, %d other errors", v, e)
	}
	t.Logf("%d kills, %d of them with the target seen traced just before; %d EAGAIN", killsEach, traced, c.refused())
	if traced == 0 {
		t.Error("none was killed while it traced: the test has proved nothing")
	}
}

// status returns a field of /proc/PID/status, or "" when there is none.
func status(pid int, field string) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
