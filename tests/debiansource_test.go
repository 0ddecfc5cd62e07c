package tests

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// debianSource fetches Debian's source of Cyrus and unpacks it, with Debian's
// patches where the mirror has them. Where there is no mirror the test is skipped,
// or has failed if all must run.
func debianSource(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	said := fetch(t, dir)
	upstream, _ := filepath.Glob(filepath.Join(dir, "cyrus-imapd_*.orig.tar.*z"))
	if len(upstream) == 0 {
		missing := fmt.Sprintf("the source of cyrus-imapd cannot be fetched:\n%s", said)
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal(missing + "and here every test must run")
		}
		t.Skip("NOT TESTED ON DEBIAN'S SOURCE: " + missing)
	}
	tree := filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	command(t, tree, "tar", "--extract", "--no-same-owner", "--strip-components=1", "--file", upstream[0])
	version, _, _ := strings.Cut(upstream[0], ".orig.")
	debian, _ := filepath.Glob(version + "-*.debian.tar.*z")
	if len(debian) == 0 {
		t.Log("the mirror has no patches of Debian for it: this is the upstream source of the package")
		return tree
	}
	command(t, tree, "tar", "--extract", "--no-same-owner", "--file", debian[len(debian)-1])
	series, err := os.ReadFile(filepath.Join(tree, "debian/patches/series"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(series)) {
		if name = strings.TrimSpace(name); name == "" || name[0] == '#' {
			continue
		}
		command(t, tree, "patch", "-p1", "--quiet", "--input", filepath.Join("debian/patches", name))
	}
	return tree
}

// fetch asks apt with lists of its own, so that the machine's are not touched. A
// mirror at times has lost one file of a version; what it has is checked by apt.
func fetch(t *testing.T, dir string) (said string) {
	t.Helper()
	release, _ := os.ReadFile("/etc/os-release")
	codename := regexp.MustCompile(`(?m)^VERSION_CODENAME=(\w+)`).FindSubmatch(release)
	if codename == nil {
		return "this is no Debian\n"
	}
	sources := ""
	for mirror, suite := range map[string]string{"debian": "", "debian-security": "-security"} {
		sources += fmt.Sprintf("deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/%s %s%s main\n", mirror, codename[1], suite)
	}
	conf := fmt.Sprintf("Dir::Etc::SourceList %q;\nDir::Etc::SourceParts \"/dev/null\";\nDir::State::Lists %q;\nDir::Cache %q;\nAPT::Sandbox::User \"root\";\nAcquire::http::Timeout \"20\";\n",
		filepath.Join(dir, "sources.list"), filepath.Join(dir, "lists"), filepath.Join(dir, "cache"))
	for name, text := range map[string]string{"sources.list": sources, "apt.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	apt := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "APT_CONFIG="+filepath.Join(dir, "apt.conf"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			said += fmt.Sprintf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	apt("apt-get", "update", "-q")
	versions := regexp.MustCompile(`(?m)^Version: (\S+)`).FindAllStringSubmatch(apt("apt-cache", "showsrc", "--only-source", "cyrus-imapd"), -1)
	for _, v := range versions {
		apt("apt-get", "source", "-q", "--download-only", "--only-source", "cyrus-imapd="+v[1])
	}
	return said
}

// command runs a program in a folder and returns what it says; it must succeed.
func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out[max(0, len(out)-3000):])
	}
	return string(out)
}

// configure makes the tree ready for make, as Debian's rules do as far as the lock
// code is concerned.
func configure(t *testing.T, tree string) {
	t.Helper()
	// Debian's is built without libuuid, which shows in the names of files.
	command(t, tree, "./configure", "ac_cv_lib_uuid_uuid_generate=no", "--with-lock=fcntl", "--without-perl", "--disable-dependency-tracking",
		"--disable-server", "--disable-sieve", "--without-openssl", "--disable-gssapi", "--disable-static")
}

// buildLocks builds what the programs of Cyrus have of the lock code, libcyrus_min:
// with fcntl, as Debian does, and with flock. The returned folders, one for each
// kind, hold a library for Debian's programs.
func buildLocks(t *testing.T, tree string) map[string]string {
	t.Helper()
	said := command(t, tree, "make", "-j2", "CFLAGS=-g -O2 -Wall -Wextra", "lib/libcyrus_min.la", "lib/lib_libcyrus_min_la-lock_flock.lo")
	for line := range strings.Lines(said) {
		if strings.Contains(line, "lib/lock_f") && strings.Contains(line, "warning") {
			t.Errorf("the patched file has a warning: %s", line)
		}
	}
	objects, err := filepath.Glob(filepath.Join(tree, "lib/.libs/lib_libcyrus_min_la-*.o"))
	if err != nil || len(objects) < 10 {
		t.Fatal(objects, err)
	}
	// Cyrus gives up being root, and must still find them.
	top, err := os.MkdirTemp("", "cyrus-libraries-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	libraries := map[string]string{}
	for kind, other := range map[string]string{"fcntl": "flock", "flock": "fcntl"} {
		dir := filepath.Join(top, kind)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		link := []string{"gcc", "-shared", "-Wl,-soname,libcyrus_min.so.0", "-o", filepath.Join(dir, "libcyrus_min.so.0")}
		for _, o := range objects {
			if !strings.HasSuffix(o, "lock_"+other+".o") {
				link = append(link, o)
			}
		}
		command(t, tree, append(link, "-lz")...)
		libraries[kind] = dir
	}
	return libraries
}

// everyFile is all regular files below lib, and their text.
func everyFile(t *testing.T, tree string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(tree, "lib/*.[ch]"))
	if err != nil || len(paths) < 50 {
		t.Fatal(len(paths), err)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		if files[p], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// differ are the files that are not the same in both.
func differ(a, b map[string][]byte) (names []string) {
	for name, text := range a {
		if !bytes.Equal(text, b[name]) {
			names = append(names, filepath.Base(name))
		}
	}
	return sorted(names)
}
