package lab

import (
	"os"
	"testing"
)

func TestParseStat(t *testing.T) {
	got, err := parseStat(7, "7 (a) b (c) S 3 5 5 0 -1\n")
	if want := (stat{'S', 3, 5}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{"", "7 (x) S", "7 (x) S a b c", ")"} {
		if got, err := parseStat(7, text); err == nil {
			t.Errorf("%q: %+v without an error", text, got)
		}
	}
}

func TestParseCall(t *testing.T) {
	for text, want := range map[string]call{
		"73 0x4 0x2 0x0 0x0 0x0 0x0 0x7ffd 0x7f89\n": {73, 4},
		"running\n":        {number: -1},
		"-1 0x7ff 0x7f8\n": {-1, 0x7ff},
		"257 0xffffffffffffff9c 0x1 0x0 0x0 0x0 0x0 0x1 0x2": {257, -100},
	} {
		if got, err := parseCall(7, text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	if _, err := parseCall(7, "x y z"); err == nil {
		t.Error("nonsense without an error")
	}
}

func TestOwnProcess(t *testing.T) {
	st, err := readStat(os.Getpid())
	if err != nil || st.parent != os.Getppid() || st.state == 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("7 (a) b (c) S 3 5 5 0 -1")
	f.Add("73 0x4 0x2 0x0")
	f.Add(")")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseCall(1, text); err != nil && c != (call{}) {
			t.Errorf("%+v with %v", c, err)
		}
		if s, err := parseStat(1, text); err != nil && s != (stat{}) {
			t.Errorf("%+v with %v", s, err)
		}
	})
}
