package cyrus

import (
	"bytes"
	"context"
	"debug/elf"
	"path"
	"strconv"
	"strings"

	"cyrlock/probe/limit"
)

// programDirs are where distributions and `make install` put Cyrus's programs.
func programDirs() []string {
	return []string{
		"/usr/lib/cyrus/bin", "/usr/lib/cyrus-imapd", "/usr/libexec/cyrus-imapd", "/usr/lib64/cyrus-imapd",
		"/usr/libexec/cyrus", "/usr/lib/cyrus-imapd/bin", "/usr/cyrus/bin", "/usr/cyrus/libexec",
		"/usr/local/cyrus/bin", "/usr/local/cyrus/libexec", "/usr/local/libexec", "/opt/cyrus/bin", "/opt/cyrus/libexec",
	}
}

// libraryDirs are where the loader looks for libcyrus_min.so on the platforms
// that this program runs on.
func libraryDirs() []string {
	return []string{
		"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
		"/usr/lib64/cyrus-imapd", "/usr/lib/cyrus-imapd", "/usr/lib/cyrus", "/usr/local/lib64", "/usr/local/lib", "/usr/local/cyrus/lib",
	}
}

// runningBuild reads the binaries that a process runs, even those that an upgrade
// has deleted meanwhile: /proc/PID/exe and map_files lead to the very files.
func (s Server) runningBuild(ctx context.Context, pid int) build {
	proc := "/proc/" + strconv.Itoa(pid)
	var b build
	maps, _ := s.from.read(ctx, "", proc+"/maps", 1<<20)
	for line := range bytes.Lines(maps.data) {
		name := strings.TrimSuffix(string(bytes.TrimSpace(line[max(0, bytes.IndexByte(line, '/')):])), " (deleted)")
		if !strings.HasPrefix(path.Base(name), "libcyrus") || b.version != "" && b.lock != "" {
			continue
		}
		span, _, _ := strings.Cut(string(line), " ")
		got, err := s.from.buildOf(ctx, name, "", proc+"/map_files/"+span)
		if err != nil {
			got, _ = s.from.buildOf(ctx, s.root+name, s.root, name) // map_files wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE
		}
		b.complete(got)
	}
	got, _ := s.from.buildOf(ctx, proc+"/exe", "", proc+"/exe")
	b.complete(got)
	return b
}

// installedBuild reads the binaries that lie in the usual places, or in dir first.
func (s Server) installedBuild(ctx context.Context, dir string) build {
	dirs := programDirs()
	if dir != "" {
		dirs = append([]string{dir}, dirs...)
	}
	for _, d := range dirs {
		for _, program := range []string{"imapd", "lmtpd", "master"} {
			name := path.Join(d, program)
			b, err := s.from.buildOf(ctx, s.root+name, s.root, name)
			if err != nil {
				continue
			}
			for _, library := range s.from.libraries(ctx, s.root, name) {
				for _, l := range libraryDirs() {
					file := path.Join(l, library)
					if got, err := s.from.buildOf(ctx, s.root+file, s.root, file); err == nil {
						b.complete(got)
						break
					}
				}
			}
			if d == "/usr/local/libexec" && b.version == "" {
				continue // others install an imapd there too
			}
			return b
		}
	}
	return build{}
}

// buildOf reads one file, counted as what.
func (from reader) buildOf(ctx context.Context, what, root, name string) (build, error) {
	return limit.Do(ctx, patience, func() (build, error) {
		f, err := from.open(what, root, name)
		if err != nil {
			return build{}, err
		}
		defer f.Close()
		return readBuild(f)
	})
}

// libraries are the names of Cyrus's own libraries that a program asks for.
func (from reader) libraries(ctx context.Context, root, name string) []string {
	names, _ := limit.Do(ctx, patience, func() (names []string, err error) {
		defer func() { _ = recover() }() // as in readBuild
		f, err := from.open(root+name, root, name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		e, err := elf.NewFile(f)
		if err != nil {
			return nil, err
		}
		return e.ImportedLibraries()
	})
	own := names[:0]
	for _, n := range names {
		if strings.HasPrefix(n, "libcyrus") && path.Base(n) == n {
			own = append(own, n)
		}
	}
	return own
}
