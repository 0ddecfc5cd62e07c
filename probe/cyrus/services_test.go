package cyrus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

func TestParseServices(t *testing.T) {
	const text = `# standard
START {
  recover	cmd="ctl_cyrusdb -r"
}
SERVICES { # more
	imap		cmd="imapd -U 30" listen="imap" prefork=0 maxchild=100
  imaps   cmd="imapd -s" listen="imaps" maxchild=-1
  # pop3 cmd="pop3d" listen="pop3"
  lmtpunix cmd="lmtpd -x }" listen="/run/cyrus/socket/lmtp" maxchild=5 }
EVENTS {
  checkpoint cmd="ctl_cyrusdb -c" period=30
}
`
	want := []evidence.Service{{Name: "imap", MaxChild: 100}, {Name: "imaps"}, {Name: "lmtpunix", MaxChild: 5}}
	if diff := cmp.Diff(want, parseServices([]byte(text))); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if got := parseServices([]byte("START { imap cmd=\"imapd\" }\nSERVICES {\nimap cmd=\"imapd\"\n}\n")); len(got) != 1 {
		t.Errorf("a section on one line: %+v", got)
	}
}

func FuzzCyrusConf(f *testing.F) {
	f.Add([]byte("SERVICES {\n imap cmd=\"imapd\" maxchild=9\n}\n"))
	f.Add([]byte("services{\n a =\"\n b maxchild=99999999999999999999 }\n}}{{\nSERVICES {"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range parseServices(data) {
			if !serviceName(s.Name) || s.MaxChild < 0 || !strings.Contains(string(data), s.Name) {
				t.Errorf("service %+v", s)
			}
		}
	})
}
