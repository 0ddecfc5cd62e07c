package plain

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/sample"
)

// harmless fails where a text holds anything but printable lines.
func harmless(t testing.TB, text string, ascii bool) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("not UTF-8: %q", text)
	}
	if ascii && !draw.IsASCII(text) {
		t.Fatalf("not ASCII: %q", text)
	}
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("control character %U in %q", r, text[max(0, i-20):min(len(text), i+20)])
		}
	}
}

// everything is a walk over all there is to hear.
var everything = strings.Split("n g a 1 1 a 2 a 3 a 4 a 2 1 2 3 4 verdict fix 1 5 f c h w readings jwade", " ")

// TestHostileText: no byte of a stranger's reaches the listener as a command.
func TestHostileText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, locale := range []string{"C.UTF-8", "C"} {
		setenv(t, locale)
		for range 5 {
			m := &film{pictures: []any{sample.Hostile(r), errors.New(sample.Nasty[r.IntN(len(sample.Nasty))]), sample.Hostile(r)}}
			nasty := sample.Nasty[r.IntN(len(sample.Nasty))]
			answers := append([]string{nasty, "l", "find", nasty, "user " + nasty, "/" + nasty, "l"}, everything...)
			harmless(t, transcript(t, m, Options{Label: nasty, Every: time.Microsecond}, answers...), locale == "C")
		}
	}
}

// TestWidth: no line is wider than the terminal, but where a word alone is, or
// where it is to be copied.
func TestWidth(t *testing.T) {
	unicodeLocale(t)
	const width = 40
	text := transcript(t, sample.Recorded(sample.Incident()), Options{Width: width}, "1", "1", "", "2", "2", "", "h", "c", "q")
	before := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		line, _, _ = strings.Cut(line, "choice: ")
		if len(line) > width && strings.Contains(line, " ") && !strings.HasPrefix(line, "Path: ") && !strings.HasPrefix(before, "To see ") {
			t.Errorf("%d wide: %s", len(line), line)
		}
		before = line
	}
}

// FuzzTalk talks at random about evidence that no machine shows.
func FuzzTalk(f *testing.F) {
	f.Add(uint64(1), "1\n1\n\n2\n1\nx\nattach\n")
	f.Add(uint64(2), "5\nf\n\nl\nr\n4\n1\nc\na\ng\nh\n")
	f.Add(uint64(3), "n\nn\n24870\nuser jwade\n/var/imap\n\x1b[A\n\n\n\n\n\n\n")
	f.Add(uint64(4), strings.Join(everything, "\n"))
	f.Fuzz(func(t *testing.T, seed uint64, script string) {
		r := rand.New(rand.NewPCG(seed, 0))
		ascii := r.IntN(2) == 0
		setenv(t, "C.UTF-8")
		var out bytes.Buffer
		err := ends(t, t.Context(), wild{r}, Options{
			ASCII: ascii, Width: []int{0, 1, 40, 80}[r.IntN(4)], ReadOnly: r.IntN(4) == 0, Label: []string{"", "lab", "recorded"}[r.IntN(3)],
			Every: time.Microsecond, Echo: true, In: strings.NewReader(script[:min(len(script), 2000)]), Out: &out,
			Save: func(evidence.Snapshot) (string, error) { return sample.Nasty[r.IntN(len(sample.Nasty))], nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		harmless(t, out.String(), ascii)
	})
}

// wild is a Machine that shows something else each time.
type wild struct{ r *rand.Rand }

func (w wild) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	if w.r.IntN(6) == 0 {
		return evidence.Snapshot{}, errors.New(sample.Nasty[w.r.IntN(len(sample.Nasty))])
	}
	s := sample.Surprise(w.r)
	if w.r.IntN(2) == 0 {
		s.Focus = &evidence.Focus{Paths: []evidence.SeenPath{{Path: sample.SeenFile, How: sample.Nasty[w.r.IntN(len(sample.Nasty))]}}}
	}
	return s, nil
}

func (w wild) Exact(_ context.Context, pid int, start uint64) (evidence.Process, error) {
	s := sample.Hostile(w.r)
	if p := s.Process(pid); p != nil && w.r.IntN(2) == 0 {
		return *p, nil
	}
	return evidence.Process{}, errors.New(sample.Nasty[w.r.IntN(len(sample.Nasty))])
}
