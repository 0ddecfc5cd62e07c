package shim

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/fix"
	"cyrlock/fix/timedlock"
)

// A yard is a place of its own, with a systemctl that only takes notes.
type yard struct {
	t *testing.T
	Place
	ledger fix.Ledger
	told   string // what systemctl was told
}

func newYard(t *testing.T, systemd bool) *yard {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // Cyrus is another user
		t.Fatal(err)
	}
	y := &yard{t: t, Place: Place{Dir: filepath.Join(dir, "lib", "cyrlock")}, ledger: fix.Ledger{Dir: filepath.Join(dir, "state")}, told: filepath.Join(dir, "told")}
	for _, d := range []string{"lib", "systemd"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if systemd {
		y.Systemd, y.Systemctl = filepath.Join(dir, "systemd"), filepath.Join(dir, "systemctl")
		y.write(y.Systemctl, "#!/bin/sh\necho \"$@\" >>"+y.told+"\n", 0o755)
	}
	return y
}

func (y *yard) write(file, text string, mode fs.FileMode) {
	y.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		y.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) read(file string) string {
	y.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		y.t.Fatal(err)
	}
	return string(text)
}

func (y *yard) install(l Library, s Server, unit string, o Options) fix.Plan {
	y.t.Helper()
	p, err := y.Install(l, s, unit, o)
	if err != nil {
		y.t.Fatal(err)
	}
	return p
}

func (y *yard) apply(p fix.Plan) fix.Receipt {
	y.t.Helper()
	r, err := y.ledger.Apply(y.t.Context(), p, nil)
	if err != nil {
		y.t.Fatal(err)
	}
	return r
}

// texts are the changes of a plan, one a line, without the yard's folder.
func (y *yard) texts(p fix.Plan) string {
	var all []string
	for _, c := range p.Changes {
		all = append(all, strings.ReplaceAll(c.Text, filepath.Dir(filepath.Dir(y.Dir)), ""))
	}
	return strings.Join(all, "\n")
}

func standard() Options {
	return Options{Schedule: timedlock.Schedule{Maxtime: DefaultMaxtime, Hybrid: true}}
}

func debian() Server {
	return Server{Master: 7, Pids: []int{7, 8, 9}, Unit: "cyrus-imapd.service", Facility: 2,
		Dirs: []string{"/var/lib/cyrus", "/run/cyrus/lock"}, Programs: []string{"/usr/lib/cyrus/bin/*", "/usr/sbin/cyrmaster"}}
}

// version is a library that says it was made from this source.
func version(source string) Library {
	return Library{Body: []byte("\x7fELF" + magic + source + strings.Repeat("\x00", 64)), Source: source}
}

func TestInstallWithSystemd(t *testing.T) {
	y := newYard(t, true)
	l := version(Source())
	p := y.install(l, debian(), "", standard())
	want := "write /lib/cyrlock/" + l.Name() + ", the library\n" +
		"write /systemd/cyrus-imapd.service.d/cyrlock-shim.conf, the file that has it loaded\n" +
		"have systemd read its files again; nothing is restarted"
	if got := y.texts(p); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	if said := strings.Join(p.Warnings, "\n"); !strings.Contains(said, "systemctl restart cyrus-imapd.service") || !strings.Contains(said, "3 processes") || !strings.Contains(p.What, "after 285 s") {
		t.Errorf("%s\n%s", p.What, said)
	}
	strange := debian()
	strange.Unit = "cron.service"
	if said := strings.Join(y.install(l, strange, "", standard()).Warnings, "\n"); !strings.Contains(said, "The master runs in cron.service") {
		t.Error(said)
	}
	r := y.apply(p)
	dropIn := y.dropIn("cyrus-imapd.service")
	for _, line := range []string{
		"[Service]\n", `Environment="LD_PRELOAD=` + filepath.Join(y.Dir, l.Name()) + "\"\n", `Environment="CYRLOCK_SHIM_PATHS=*.seen:*/seen.db"` + "\n",
		`Environment="CYRLOCK_SHIM_PROGRAMS=/usr/lib/cyrus/bin/*:/usr/sbin/cyrmaster"` + "\n", `Environment="CYRLOCK_SHIM_SCHEDULE=hybrid"` + "\n", `Environment="CYRLOCK_SHIM_MAXTIME=99"` + "\n",
	} {
		if !strings.Contains(y.read(dropIn), line) {
			t.Errorf("%s lacks %q:\n%s", dropIn, line, y.read(dropIn))
		}
	}
	if y.read(y.told) != "daemon-reload\n" {
		t.Errorf("systemctl was told %q", y.read(y.told))
	}
	_ = filepath.WalkDir(filepath.Dir(filepath.Dir(y.Dir)), func(file string, e fs.DirEntry, err error) error {
		if info, bad := os.Lstat(file); err != nil || bad != nil || info.Mode().Perm()&0o022 != 0 {
			t.Errorf("%s: %v %v, others can write", file, err, bad)
		}
		return nil
	})
	if wrong := y.Sound(nil); len(wrong) > 0 {
		t.Error(wrong)
	}

	// A second time there is nothing to do; another limit changes one file.
	if p := y.install(l, debian(), "", standard()); len(p.Changes) > 0 || !strings.Contains(p.What, "already") {
		t.Errorf("%+v", p)
	}
	o := standard()
	o.Schedule = timedlock.Schedule{Maxtime: 17}
	p = y.install(l, debian(), "", o)
	if len(p.Changes) != 2 || !strings.Contains(p.Changes[0].File.Diff, "-Environment=\"CYRLOCK_SHIM_MAXTIME=99\"\n") || !strings.Contains(p.Changes[0].File.Diff, "+Environment=\"CYRLOCK_SHIM_MAXTIME=17\"\n") {
		t.Errorf("%+v", p.Changes)
	}

	if _, err := y.ledger.Undo(t.Context(), r.ID, nil); err != nil {
		t.Fatal(err)
	}
	if in, err := y.Look(); err != nil || len(in.Loaders)+len(in.Libraries) > 0 {
		t.Errorf("after undo: %+v, %v", in, err)
	}
}

// systemd itself has nothing to say against the file, whatever is in the patterns.
func TestDropIn(t *testing.T) {
	needs(t, "systemd-analyze")
	y := newYard(t, true)
	o := standard()
	o.Paths = []string{"*.seen", `/srv/50%/"a" \b/*`}
	s := debian()
	s.Preload = []string{"/usr/lib/libjemalloc.so.2"}
	y.apply(y.install(version(Source()), s, "", o))
	y.write(filepath.Join(y.Systemd, "cyrus-imapd.service"), "[Service]\nExecStart=/bin/true\n", 0o644)
	cmd := exec.Command("systemd-analyze", "verify", "--man=no", "cyrus-imapd.service")
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+y.Systemd+":", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("cyrlock-shim.conf")) {
		t.Errorf("%v\n%s", err, out)
	}
	text := y.read(y.dropIn("cyrus-imapd.service"))
	if !strings.Contains(text, "LD_PRELOAD=/usr/lib/libjemalloc.so.2:"+y.Dir) || !strings.Contains(text, `/srv/50%%/\"a\" \\b/*`) {
		t.Error(text)
	}
	// And it does see what is wrong.
	y.write(y.dropIn("cyrus-imapd.service"), text+"Environment=\"x\n", 0o644)
	cmd = exec.Command("systemd-analyze", "verify", "--man=no", "cyrus-imapd.service")
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+y.Systemd+":", "LC_ALL=C")
	if out, _ := cmd.CombinedOutput(); !bytes.Contains(out, []byte("cyrlock-shim.conf")) {
		t.Errorf("systemd-analyze finds nothing in a broken file:\n%s", out)
	}
}

// Where systemd did not start Cyrus, its start script reads a file; every shell
// takes it, and it does nothing without the library.
func TestInstallWithoutSystemd(t *testing.T) {
	y := newYard(t, false)
	o := standard()
	o.Paths = []string{"*.seen", `/srv/it's $HOME "a" \b/*`}
	l := version(Source())
	s := debian() // in a container the cgroup still names the service of the machine outside
	p := y.install(l, s, "", o)
	if said := strings.Join(p.Warnings, "\n"); !strings.Contains(said, y.StartLine()) || strings.Contains(said, "systemctl") || len(p.Changes) != 2 {
		t.Errorf("%s\n%s", said, y.texts(p))
	}
	y.apply(p)
	env := func(shell string) string {
		out, err := exec.Command(shell, "-euc", y.StartLine()+"; env -u LD_PRELOAD; echo preload=${LD_PRELOAD-none}").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", shell, err, out)
		}
		return string(out)
	}
	for _, shell := range []string{"sh", "bash"} {
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		got := env(shell)
		if !strings.Contains(got, `CYRLOCK_SHIM_PATHS=*.seen:/srv/it's $HOME "a" \b/*`+"\n") || !strings.Contains(got, "preload="+filepath.Join(y.Dir, l.Name())+"\n") {
			t.Errorf("%s: %s", shell, got)
		}
	}
	if err := os.Remove(filepath.Join(y.Dir, l.Name())); err != nil {
		t.Fatal(err)
	}
	if got := env("sh"); strings.Contains(got, "CYRLOCK_SHIM") || !strings.Contains(got, "preload=none") {
		t.Errorf("the library is gone: %s", got)
	}
	removal := y.remove()
	if said := strings.Join(removal.Warnings, ""); !strings.Contains(said, "line for it in the start script") {
		t.Error(said)
	}
	y.apply(removal)
	if got := env("sh"); !strings.Contains(got, "preload=none") {
		t.Errorf("removed: %s", got)
	}
}
