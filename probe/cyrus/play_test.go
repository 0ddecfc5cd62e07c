package cyrus

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test program plays master and worker: real processes with the names,
// command lines and environment of Cyrus's.
func TestMain(m *testing.M) {
	switch os.Getenv("CYRUS_TEST_PART") {
	case "master":
		os.Setenv("CYRUS_TEST_PART", "worker")
		os.Setenv("CYRUS_SERVICE", "imaps")
		worker := exec.Command(filepath.Join(filepath.Dir(os.Args[0]), "imapd"), strings.Fields(os.Getenv("CYRUS_TEST_WORKER"))...)
		stdout, err := worker.StdoutPipe()
		worker.Stdin = os.Stdin // it ends with the test, like its master
		if err == nil {
			err = worker.Start()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		io.CopyN(os.Stdout, stdout, int64(len("ready\n")))
		io.Copy(io.Discard, os.Stdin) // until the test goes
		worker.Wait()
		os.Exit(0)
	case "worker":
		lock, err := os.Open(os.Getenv("CYRUS_TEST_LOCK"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
		lock.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// play starts a master, with a worker, whose files are in dir. It ends with the test.
func play(t *testing.T, dir, workerArgs string, masterArgs ...string) *exec.Cmd {
	t.Helper()
	return playWith(t, nil, dir, workerArgs, masterArgs...)
}

// playWith starts the master by another program.
func playWith(t *testing.T, starter []string, dir, workerArgs string, masterArgs ...string) *exec.Cmd {
	t.Helper()
	bin := filepath.Join(dir, "cyrus", "bin")
	for _, d := range []string{bin, filepath.Join(dir, "conf", "socket"), filepath.Join(dir, "conf", "proc")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"master", "imapd"} {
		if err := os.WriteFile(filepath.Join(bin, name), program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lock := filepath.Join(dir, "conf", "socket", "imaps-0.lock")
	write(t, lock, "")
	line := slices.Concat(starter, []string{filepath.Join(bin, "master")}, masterArgs)
	master := exec.Command(line[0], line[1:]...)
	master.Env = append(os.Environ(), "CYRUS_TEST_PART=master", "CYRUS_TEST_WORKER="+workerArgs, "CYRUS_TEST_LOCK="+lock)
	master.Stderr = os.Stderr
	stdin, err := master.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := master.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		master.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the master did not start: %q, %v", line, err)
	}
	return master
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start is field 22 of /proc/PID/stat.
func start(t *testing.T, pid int) uint64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	var ticks uint64
	if _, err := fmt.Sscan(strings.Fields(rest)[19], &ticks); err != nil {
		t.Fatal(err)
	}
	return ticks
}
