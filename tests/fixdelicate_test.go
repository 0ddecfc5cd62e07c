package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A process that has a lock and sleeps in a function of the name that it was compiled
// with.
const (
	sleeperWork = `
#include <stdio.h>
#include <unistd.h>

int WORK(int fd)
{
	puts("ready");
	fflush(stdout);
	while (pause())
		;
	return fd + 1;
}
`
	sleeperMain = `
#include <fcntl.h>
#include <sys/file.h>

int WORK(int fd);

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR | O_CREAT, 0600);

	return fd < 0 || flock(fd, LOCK_EX) || WORK(fd) == argc;
}
`
)

// Real processes that hold a lock in the middle of delicate work, one of each family:
// they are ended with --force alone, and then those that wait go on.
func TestFixEndDelicate(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		unavailable(t, err)
	}
	for _, c := range []struct{ family, work, library, named string }{
		{"repack", "mailbox_repack_commit", "", "mailbox_repack_commit"},
		{"repack of 2.x", "mailbox_expunge", "", "mailbox_expunge"},
		{"rename", "mboxlist_renamemailbox", "", "mboxlist_renamemailbox"},
		{"checkpoint", "mycheckpoint", "", "mycheckpoint"},
		{"Berkeley DB, linked in", "__bam_split", "", "__bam_split"},
		{"Berkeley DB", "put", "libdb-5.3.so", "put"},
	} {
		t.Run(c.family, func(t *testing.T) {
			t.Parallel()
			q := &queue{t: t, file: filepath.Join(t.TempDir(), "jwade.seen")}
			q.holder, _ = q.spawn("exec " + compileSleeper(t, c.work, c.library) + ` "$1"`)
			waiter, _ := q.spawn(`exec 9>"$1"; echo ready; exec flock 9`)
			holder, state := q.holder.Process.Pid, filepath.Join(t.TempDir(), "state")
			var out string
			waitUntil(t, "it is in everybody's way", func() bool {
				var code int
				_, out, code = runFix(t, "", state, "end", pid(holder), "--yes")
				if code == 0 {
					t.Fatalf("it was ended: %s", out)
				}
				return !strings.Contains(out, "keeps nobody waiting")
			})
			if !strings.Contains(out, "is in the middle of "+c.named) || !strings.Contains(out, "--force") {
				t.Errorf("refused with: %s", out)
			}
			f, out, code := runFix(t, "", state, "end", pid(holder), "--yes", "--force")
			if code != 0 || f.Proof == nil || !strings.HasPrefix(f.Proof.Sentence, "1 waiter drained") || f.Receipt.Plan.Risk != "high" {
				t.Fatalf("exit code %d: %s", code, out)
			}
			if warnings := strings.Join(f.Receipt.Plan.Warnings, " "); !strings.Contains(warnings, "in the middle of "+c.named) {
				t.Errorf("the plan warns of: %s", warnings)
			}
			if err := waiter.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// compileSleeper builds a sleeper, with the work in a library if one is named.
func compileSleeper(t *testing.T, work, library string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"work.c": sleeperWork, "main.c": sleeperMain} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gcc := func(args ...string) { command(t, dir, append([]string{"gcc", "-O1", "-DWORK=" + work}, args...)...) }
	if library == "" {
		gcc("work.c", "main.c", "-o", "sleeper")
	} else {
		gcc("-shared", "-fPIC", "work.c", "-o", library)
		gcc("main.c", "-o", "sleeper", "-L.", "-l:"+library, "-Wl,-rpath,"+dir)
	}
	return filepath.Join(dir, "sleeper")
}

// notDelicate are functions of Cyrus that have such a name, and why they may be cut short.
var notDelicate = map[string]string{
	"_delayed_checkpoint_free": "frees memory",
	"_rename_check_specialuse": "only checks",
	"renamecheck":              "only checks",
	"folder_key_rename":        "in a transaction",
	"folder_number_rename":     "in a transaction",
	"folder_rename":            "in a transaction",
	"mailbox_cid_rename":       "in a transaction",
	"rename_cb":                "only writes a name into a record",
	"sync_checkpoint":          "answers its peer",
	"sync_rename_list_add":     "a list in memory",
	"sync_rename_list_create":  "a list in memory",
	"sync_rename_list_free":    "a list in memory",
	"sync_rename_lookup":       "a list in memory",
	"xfer_recover":             "tidies up at the other server",
}

// Every function of Debian's Cyrus that repacks, renames, makes a checkpoint or
// recovers is known as delicate.
func TestDelicateFunctionsOfCyrus(t *testing.T) {
	tree := debianSource(t)
	defined := regexp.MustCompile(`(?m)^(?:EXPORTED |HIDDEN |static )*[a-z][a-z ]*[ *]+([a-z_0-9]*(?:repack|renam|checkpoint|recover|copy_files|renmbox)[a-z_0-9]*)\(`)
	var names []string
	for _, pattern := range []string{"lib/cyrusdb*.c", "lib/mappedfile.c", "imap/mailbox.c", "imap/mboxlist.c", "imap/user.c", "imap/imapd.c", "imap/annotate.c", "imap/conversations.c", "imap/sync_support.c"} {
		files, err := filepath.Glob(filepath.Join(tree, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) < 30 || !slices.Contains(names, "mycheckpoint") {
		t.Fatalf("only these were found: %q", names)
	}
	for _, name := range names {
		s := diagnose.Annotate(evidence.Snapshot{Processes: []evidence.Process{{PID: 7, Threads: []evidence.Thread{{TID: 7, Frames: []evidence.Frame{{Func: name}}}}}}})
		if known, why := diagnose.Delicate(s.Processes[0]) != "", notDelicate[name]; known == (why != "") {
			t.Errorf("%s: delicate: %v; may be cut short, for it %q", name, known, why)
		}
	}
	t.Log(names)
}
