package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cyrlock/evidence"
)

func TestUsers(t *testing.T) {
	s := load(t, "testdata/seed.stalled-client.json")
	r := Diagnose(s, Options{})
	var got []string
	for _, u := range r.Users() {
		var files []string
		for _, f := range u.Files {
			files = append(files, f.Path)
		}
		slices.Sort(files)
		got = append(got, fmt.Sprintf("%s: %d wait, %d hold; %s; %s", u.Name, u.Waiting, u.Holding, strings.Join(u.Mailboxes, " "), strings.Join(files, " ")))
	}
	want := []string{"jwade: 11 wait, 2 hold; user.jwade user.jwade.FaMiLy; /var/imap/spool/user/jwade/FaMiLy/cyrus.header /var/imap/user/p/jwade.seen"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// Who waits counts first; a session is its user's, whosever mailbox it wants, and
// a delivery is the recipient's.
func TestMostAffectedUserFirst(t *testing.T) {
	lock := func(file string, holder int, waiters ...int) evidence.File {
		f := held("/var/spool/imap/user/"+file+"/cyrus.header", holder, waiters...)
		for i := range f.Waiters {
			f.Waiters[i].SinceS = float64(f.Waiters[i].PID)
		}
		return f
	}
	r := Diagnose(evidence.Snapshot{
		Files: []evidence.File{lock("anna", 1, 11, 12), lock("ben", 2, 21, 22, 23), held("/var/imap/socket/imap-0.lock", 5, 6, 7)},
		Processes: []evidence.Process{{PID: 1, User: "carl"}, {PID: 2}, {PID: 11, User: "ben", Mailbox: "user.ben"}, {PID: 12}, {PID: 21}, {PID: 22}, {PID: 23, User: "anna"},
			{PID: 5, User: "idle"}, {PID: 6, User: "idle"}},
	}, Options{})
	var got []string
	for _, u := range r.Users() {
		got = append(got, fmt.Sprintf("%s %d %d %.0f %v", u.Name, u.Waiting, u.Holding, u.OldestS, u.Mailboxes))
	}
	want := []string{"ben 3 0 22 [user.anna user.ben]", "anna 2 0 23 [user.anna user.ben]", "carl 0 1 0 []"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestUserOfMailbox(t *testing.T) {
	for name, want := range map[string]string{
		"user.jwade": "jwade", "user.jwade.FaMiLy": "jwade", "user/jwade/FaMiLy": "jwade", "user.joe^smith.x": "joe.smith", "user/joe.smith/x": "joe.smith",
		"example.com!user.jwade": "jwade@example.com", "shared.news": "", "user": "", "user.": "", "": "", "!": "", "a!user.": "",
	} {
		if got := userOfMailbox(name); got != want {
			t.Errorf("%q is of %q, want %q", name, got, want)
		}
	}
}

func BenchmarkUsers(b *testing.B) {
	r := Diagnose(many(5000, 1), Options{})
	for b.Loop() {
		r.Users()
	}
}
