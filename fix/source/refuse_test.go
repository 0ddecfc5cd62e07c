package source_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"cyrlock/fix/source"
)

// What is not understood is left alone, with a reason.
func TestRefusals(t *testing.T) {
	files := lockFiles(t)
	flock, fcntl, set := string(files["2.0.16/lib/lock_flock.c"]), string(files["2.0.16/lib/lock_fcntl.c"]), string(files["3.6.1/lib/lock_fcntl.c"])
	once := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q to replace", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	patched, err := source.Patch([]byte(flock), options(99, true))
	if err != nil {
		t.Fatal(err)
	}
	half := string(patched)
	for name, c := range map[string]struct{ text, want string }{
		"empty":               {"", "no function lock_reopen"},
		"not C":               {"\"\n", "without its other half"},
		"another program":     {"#include <stdio.h>\nint main(void) { return flock(1, LOCK_EX); }\n", "no function lock_reopen"},
		"a prototype only":    {"#include \"x.h\"\nint lock_reopen(int fd, const char *filename);\n", "no function lock_reopen"},
		"never closed":        {strings.TrimSuffix(strings.TrimSpace(flock), "}"), "never closed"},
		"no end of a comment": {flock + "/*", "a comment that never ends"},
		"two functions":       {flock + flock[strings.Index(flock, "int lock_reopen"):], "there twice"},
		"conditional":         {once(flock, "int lock_reopen(", "#if 0\nint lock_reopen(") + "#endif\n", "between #if and #endif"},
		"two calls":           {once(flock, "r = flock(fd, LOCK_EX);\n", "r = flock(fd, LOCK_EX);\n r = flock(fd, LOCK_EX);\n"), "more than one call"},
		"no call":             {once(flock, "r = flock(fd, LOCK_EX);\n", "r = 0;\n"), "no call waits"},
		"a conditional call":  {once(flock, "r = flock(fd, LOCK_EX);\n", "\n#ifdef X\nr = flock(fd, LOCK_EX);\n#endif\n"), "not a statement of its own"},
		"in a condition":      {once(once(flock, "r = flock(fd, LOCK_EX);\n", ""), "if (r == -1)", "if (flock(fd, LOCK_EX) == -1)"), "not a statement of its own"},
		"not blocking":        {once(flock, "r = flock(fd, LOCK_EX);\n", "r = flock(fd, LOCK_EX|LOCK_NB);\n"), "LOCK_NB"},
		"not blocking, fcntl": {once(fcntl, "F_SETLKW, &fl);\n\tif", "F_SETLK, &fl);\n\tif"), "F_SETLK"},
		"a shared lock":       {once(flock, "LOCK_EX);\n\tif (r == -1)", "LOCK_SH);\n\tif (r == -1)"), "with LOCK_SH"},
		"which lock?":         {once(fcntl, "fl.l_type= F_WRLCK;\n", "fl.l_type = kind;\n"), "cannot be told"},
		"on two lines":        {once(flock, "flock(fd, LOCK_EX);\n\tif", "flock(fd,\n LOCK_EX);\n\tif"), "not written on one line"},
		"with a comment":      {once(flock, "flock(fd, LOCK_EX);\n\tif", "flock(fd, /* wait */ LOCK_EX);\n\tif"), "a comment stands within"},
		"no EINTR":            {once(flock, "if (errno == EINTR) continue;\n\t    if", "if"), `no "EINTR"`},
		"no file name":        {strings.ReplaceAll(flock, "filename", "name"), `no parameter "filename"`},
		"alarm":               {once(flock, "for (;;) {", "alarm(30);\n    for (;;) {"), "alarm()"},
		"the seed's patch":    {once(flock, "r = flock(fd, LOCK_EX);\n", "r = flock(fd, LOCK_EX|LOCK_NB); syslog(LOG_DEBUG, \"lock_reopen-blocked: sleeping\");\n"), "John Wade"},
		"mixed line ends":     {once(flock, "\n", "\r\n"), "1 of its"},
		"old Mac":             {strings.ReplaceAll(flock, "\n", "\r"), "carriage returns stand within"},
		"both":                {set + flock[strings.Index(flock, "int lock_reopen"):], "both lock_reopen and"},
		"nothing before":      {flock[strings.Index(flock, "int lock_reopen"):], "includes nothing"},
		"ours, no call":       {once(half, "timedlock_flock(fd, LOCK_EX, filename);", "flock(fd, LOCK_EX);"), "lock_reopen does not call it"},
		"ours, no helper":     {half[:strings.Index(half, "/* cyrlock")] + half[strings.Index(half, "end */")+7:], "its beginning is missing"},
		"ours, half a helper": {half[:strings.Index(half, "static int timedlock_try")], "its end is missing"},
		"ours, changed":       {once(half, "w.fd = fd;", "w.fd = 0;"), "changed by hand"},
		"ours, called twice":  {strings.ReplaceAll(half, "r = flock(fd, LOCK_SH)", "r = timedlock_flock(fd, LOCK_SH, \"\")"), "called more often"},
		"another version":     {once(half, "version 1:", "version 2:"), "another cyrlock"},
	} {
		got, err := source.Patch([]byte(c.text), options(99, true))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if got != nil {
			t.Errorf("%s: something came out", name)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"classic": {flock, "mailboxes.db could not be left out"},
		"gone":    {strings.ReplaceAll(string(files["2.5.0/lib/lock_flock.c"]), "lock_shared", "lock_other"), "no function lock_shared"},
		"waits":   {once(string(files["2.5.0/lib/lock_flock.c"]), "LOCK_SH", "LOCK_EX"), "not a shared one"},
	} {
		o := options(99, true)
		o.AlsoShared = true
		if _, err := source.Patch([]byte(c.text), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("also shared, %s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := source.Patch([]byte(flock), options(0, true)); err == nil {
		t.Error("a schedule without sleeps is allowed")
	}
	if _, err := source.Unpatch([]byte(once(half, "w.fd = fd;", "w.fd = 0;"))); !errors.Is(err, source.ErrHalf) {
		t.Error(err)
	}
}

// A file that is made to keep a reader busy.
func TestNested(t *testing.T) {
	for _, text := range []string{"flock(", "r=", "(", "{", "lock_reopen(", "fcntl(fd,F_SETLKW,&fl);", "#if 1\n", "/*", "\"", "timedlock_x;", "/* cyrlock timed lock, version 1: begin */"} {
		src := "#include <a>\nint lock_reopen(int fd, char *filename) {\nfor(;;){" + strings.Repeat(text, 250_000/len(text)) + "\n}}"
		began := time.Now()
		if _, err := source.Patch([]byte(src), options(99, true)); err == nil {
			t.Errorf("%s: it was patched", text)
		}
		if took := time.Since(began); took > patience {
			t.Errorf("%s: it took %v", text, took)
		}
	}
}
