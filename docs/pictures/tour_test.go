package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// unavailable skips a test that cannot run here; where all must run it fails.
func unavailable(t *testing.T, why any) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatal(why)
	}
	t.Skipf("SKIPPED, NOT TESTED: %v", why)
}

func build(t *testing.T, dir, name, pkg string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return path
}

func TestTheScriptIsSound(t *testing.T) {
	known := map[string]bool{}
	for _, r := range tour() {
		if r.piped() && len(r.shots) != 1 {
			t.Errorf("%v: without a terminal there is one shot, not %d", r.args, len(r.shots))
		}
		for i, s := range r.shots {
			if s.name != "" && (known[s.name] || s.says == "") {
				t.Errorf("shot %q: its name is taken, or it says nothing for those who cannot see it", s.name)
			}
			known[s.name] = true
			if len(s.shows) == 0 || i > 0 && s.key == "" {
				t.Errorf("shot %q, key %q waits for nothing, or types nothing", s.name, s.key)
			}
			for _, want := range s.shows {
				if _, err := regexp.Compile(want); err != nil {
					t.Errorf("shot %q: %v", s.name, err)
				}
			}
		}
	}
}

// Every picture can be made of the program as it is now, and shows what it is for
// and nothing of this machine.
func TestEveryPictureCanBeMade(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		unavailable(t, err)
	}
	dir := t.TempDir()
	doc, page := filepath.Join(dir, "page.md"), ""
	for _, r := range tour() {
		for _, s := range r.shots {
			if s.name != "" {
				page += frameBegins + s.name + markerEnds + "\n" + frameEnds + "\n"
			}
		}
	}
	if err := os.WriteFile(doc, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), build(t, dir, "pictures", "."), build(t, dir, "cyrlock", "cyrlock"), dir, doc)
	if out, err := cmd.CombinedOutput(); strings.Contains(string(out), "CAP_SYS_ADMIN") {
		unavailable(t, string(out))
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(made), filepath.Dir(filepath.Dir(here))) {
		t.Errorf("the frames name a folder of this machine:\n%s", made)
	}
	checkPictures(t, dir, string(made))
}

// The pictures of the repository are those of the script, and its documents show
// the same frames.
func TestThePicturesAreThere(t *testing.T) {
	documents, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range append(documents, "../../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(text)
		for _, link := range regexp.MustCompile(`\]\(([^)]*\.svg)\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), link[1])); err != nil {
				t.Errorf("%s shows a picture that is not there: %v", name, err)
			}
		}
	}
	checkPictures(t, ".", all)
}

// checkPictures holds the pictures in dir, and the frames in a document that was made
// with them, against the script.
func checkPictures(t *testing.T, dir, doc string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, r := range tour() {
		for _, s := range r.shots {
			if s.name == "" || r.piped() {
				continue
			}
			name := filepath.Join(dir, s.name+".svg")
			svg, err := os.ReadFile(name)
			if err != nil {
				t.Errorf("%v: make pictures makes it", err)
				continue
			}
			left = remove(left, name)
			const small = 30_000
			if len(svg) > small {
				t.Errorf("%s has %d bytes", name, len(svg))
			}
			rows := read(t, string(svg)).rows()
			texts[s.name] = strings.Join(rows, "\n")
			if missing := s.missing(printed(texts[s.name])); missing != "" {
				t.Errorf("%s does not show %q: make pictures makes it anew:\n%s", name, missing, texts[s.name])
			}
			if r.cols >= 80 && !strings.Contains(rows[0], hostName) { // narrower ones have no room for it
				t.Errorf("%s is not of %s: %s", name, hostName, rows[0])
			}
		}
	}
	for _, name := range left {
		t.Errorf("%s is in no script", name)
	}
	for _, found := range regexp.MustCompile(`(?ms)^<!-- frame: (\S*) -->\n(.*?)^<!-- end -->`).FindAllStringSubmatch(doc, -1) {
		want, drawn := texts[found[1]]
		got := strings.Join(undrawn(strings.ReplaceAll(strings.Trim(found[2], "\n")+"\n", "\n    ", "\n")[4:]), "\n")
		if drawn && got != want {
			t.Errorf("the frame %s is another than its picture: make pictures makes both:\n got\n%s\nwant\n%s", found[1], got, want)
		}
	}
}

func remove(names []string, name string) []string {
	var rest []string
	for _, n := range names {
		if n != name {
			rest = append(rest, n)
		}
	}
	return rest
}

// Without the rights to have a host name of its own it says so, and writes nothing.
func TestRefusesWithoutRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		unavailable(t, "not root, who can be somebody else")
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} { // for nobody to reach it
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), build(t, dir, "pictures", "."), "/nowhere/cyrlock", dir)
	cmd.Stderr = &said
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "takes root") {
		t.Errorf("%v: %s", err, &said)
	}
}
