package diagnose

import (
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// Whose slots a process takes is told by cyrus.conf's names, or up to 2.4 only by
// its program's.
func TestSlots(t *testing.T) {
	limited := func(name string, most int) evidence.Service { return evidence.Service{Name: name, MaxChild: most} }
	for _, tt := range []struct {
		name     string
		conf     []evidence.Service
		services []string // of the processes that wait
		want     []Slot
		words    string
		full     []string
	}{
		{"the program's name is enough for one service", []evidence.Service{limited("imap", 6), limited("lmtp", 10)}, []string{"lmtpd", "lmtpd", "imapd"},
			[]Slot{{"lmtp", 2, 2, 10}, {"imap", 1, 2, 6}}, "2 of 10 delivery slots wait; 1 of 6 imap slots wait", nil},
		{"and not for two", []evidence.Service{limited("imap", 6), limited("imaps", 6)}, []string{"imapd", "imaps"},
			[]Slot{{"imaps", 1, 1, 6}}, "1 of 6 imaps slots wait", nil},
		{"a service of another name", []evidence.Service{limited("lmtpunix", 2)}, []string{"lmtpd", "lmtpunix"},
			[]Slot{{"lmtpunix", 2, 2, 2}}, "all 2 lmtpunix delivery slots wait: no mail is delivered there", []string{"lmtpunix"}},
		{"the last one", []evidence.Service{limited("pop3", 1)}, []string{"pop3"},
			[]Slot{{"pop3", 1, 1, 1}}, "the only pop3 slot waits: nobody new is served", []string{"pop3"}},
		{"no limit, no slots", []evidence.Service{{Name: "imap", Running: 9}}, []string{"imap"}, nil, "", nil},
		{"more than is known to run", []evidence.Service{{Name: "lmtp", MaxChild: 2, Running: 1}}, []string{"lmtp", "lmtp", "lmtp"},
			[]Slot{{"lmtp", 3, 3, 2}}, "all 2 delivery slots wait: no mail is delivered", []string{"lmtp"}},
	} {
		f := held("/var/imap/user/p/jwade.seen", 1)
		s := evidence.Snapshot{Host: evidence.Host{Cyrus: evidence.Cyrus{Services: tt.conf}}, Processes: []evidence.Process{{PID: 1, Exe: "/usr/cyrus/bin/imapd", Cyrus: true}}}
		for i, service := range tt.services {
			pid := 2 + i
			f.Waiters = append(f.Waiters, held("", nobody, pid).Waiters...)
			s.Processes = append(s.Processes, evidence.Process{PID: pid, Service: service, Cyrus: true})
		}
		s.Files = []evidence.File{f}
		r := Diagnose(s, Options{})
		im := r.Roots[0].Impact
		var words []string
		for _, slot := range im.Slots {
			words = append(words, slot.String())
		}
		if !slices.Equal(im.Slots, tt.want) || strings.Join(words, "; ") != tt.words || !slices.Equal(im.Full, tt.full) {
			t.Errorf("%s: %+v, full %q\n got %q\nwant %q", tt.name, im.Slots, im.Full, words, tt.words)
		}
		if !slices.Equal(r.Slots(), im.Slots) {
			t.Errorf("%s: of all roots: %+v, of the only one: %+v", tt.name, r.Slots(), im.Slots)
		}
	}
}

// A second server on the machine has its own room.
func TestSlotsOfThisServer(t *testing.T) {
	s := evidence.Snapshot{Host: evidence.Host{Cyrus: evidence.Cyrus{Master: 100, Services: []evidence.Service{{Name: "imap", MaxChild: 2}}}},
		Files: []evidence.File{held("/var/imap/user/p/jwade.seen", 1, 2, 3, 4)},
		Processes: []evidence.Process{{PID: 1, PPID: 100, Service: "imap", Cyrus: true}, {PID: 2, PPID: 100, Service: "imap", Cyrus: true},
			{PID: 3, PPID: 200, Service: "imap", Cyrus: true}, {PID: 4, PPID: 1, Service: "imap", Cyrus: true}}}
	r := Diagnose(s, Options{})
	if got := r.Roots[0].Impact; got.Services["imap"] != 3 || len(got.Slots) != 1 || got.Slots[0] != (Slot{"imap", 1, 2, 2}) || got.Full != nil {
		t.Errorf("%+v", got)
	}
	if got := r.Slots(); len(got) != 1 || got[0] != (Slot{"imap", 1, 2, 2}) {
		t.Errorf("of all roots: %+v", got)
	}
}

// Two hangs that take half of the room each leave none.
func TestSlotsOfAllRoots(t *testing.T) {
	s := evidence.Snapshot{Host: evidence.Host{Cyrus: evidence.Cyrus{Services: []evidence.Service{{Name: "lmtp", MaxChild: 4}}}},
		Files: []evidence.File{held("/a/cyrus.header", 1, 11, 12), held("/b/cyrus.header", 2, 13, 14)}}
	for _, pid := range []int{11, 12, 13, 14} {
		s.Processes = append(s.Processes, evidence.Process{PID: pid, Service: "lmtp", Cyrus: true})
	}
	r := Diagnose(s, Options{})
	if got := r.Slots(); len(got) != 1 || got[0] != (Slot{"lmtp", 4, 4, 4}) {
		t.Errorf("slots: %+v", got)
	}
	if !strings.HasSuffix(r.Summary, "There is another such chain. All 4 delivery slots wait: no mail is delivered.") {
		t.Errorf("summary: %s", r.Summary)
	}
	if full := r.Roots[0].Impact.Full; full != nil {
		t.Errorf("one root alone fills %v", full)
	}
}

func TestImpactWords(t *testing.T) {
	im := Impact{Users: []string{"a", "b", "c", "d", "e", "f", "g", "h\x1b[31m"}, Mailboxes: []string{"user.\x1b[31ma"}, Services: map[string]int{"imap": 1200}}
	want := []string{"users: a, b, c, d, e, f and 2 more", `mailboxes: user.\x1b[31ma`, "waiting: 1,200 imap"}
	if got := im.Words(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
