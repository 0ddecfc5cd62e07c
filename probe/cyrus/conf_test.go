package cyrus

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadConf(t *testing.T) {
	files := map[string]string{
		"/etc/imapd.conf": strings.Join([]string{
			"# a comment", "  ", "ConfigDirectory: /var/lib/imap/", "@include: /etc/more.conf",
			"proc_path:{configdirectory}/p", "admins: cyrus \\", "  root", "configdirectory: /second/does/not/count",
			"no colon here", "bad name: x", "empty:", "sasl_mech_list: PLAIN: LOGIN",
		}, "\n"),
		"/etc/more.conf": "fulldirhash: yes\r\n@include: /etc/imapd.conf\n@include: /etc/gone.conf\n@other: x\nlast: one",
	}
	get := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}
	o, err := readConf("/etc/imapd.conf", get)
	want := options{
		"configdirectory": "/var/lib/imap/", "proc_path": "{configdirectory}/p", "admins": "cyrus   root",
		"sasl_mech_list": "PLAIN: LOGIN", "fulldirhash": "yes", "last": "one",
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	for _, part := range []string{"/etc/imapd.conf: line 9:", "line 10", "line 11", "/etc/gone.conf", `directive "@other"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v; want %q in it", err, part)
		}
	}
	if got := o.path("proc_path", ""); got != "/var/lib/imap/p" {
		t.Errorf("proc_path %q", got)
	}
	if got := o.path("configdirectory", ""); got != "/var/lib/imap" {
		t.Errorf("configdirectory %q", got)
	}
}

func TestIncludesEnd(t *testing.T) {
	reads := 0
	_, err := readConf("/0", func(name string) ([]byte, error) {
		reads++
		return []byte("@include: " + name + "a\n@include: " + name + "b\n"), nil
	})
	if err == nil || reads > confIncludes {
		t.Errorf("%d files read, error %v; want an end at %d and an error", reads, err, confIncludes)
	}
}

func TestSwitch(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "yes": true, "t": true, "on": true, "0": false, "no": false, "off": false, "false": false} {
		if got := (options{"x": text}).on("x", !want); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
	if !(options{}).on("x", true) || (options{"x": "what"}).on("x", false) {
		t.Error("an option that is missing or senseless must be its default")
	}
}

func FuzzConf(f *testing.F) {
	f.Add([]byte("configdirectory: /var/imap\n# c\npartition-default: /var/spool/imap\n"))
	f.Add([]byte("a: b\\\nc: d\\\n\\\n@include: /x\n:\n@:\n\xff: \x00"))
	f.Add([]byte("proc_path: {configDirectory}/../../x\nconfigdirectory: {configdirectory}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := options{}
		includes, _ := parseConf(o, data)
		for k, v := range o {
			if !optionName(k) || v == "" || len(k)+len(v) > len(data) {
				t.Errorf("option %q: %q", k, v)
			}
		}
		for _, i := range includes {
			if i == "" {
				t.Error("an include without a name")
			}
		}
		var s Server
		s.configure("/etc/imapd.conf", o)
		for _, p := range s.SeenPaths("jwade") {
			if !strings.HasPrefix(p.Path, s.known.ConfigDir) {
				t.Errorf("%q is not below %q", p.Path, s.known.ConfigDir)
			}
		}
	})
}
