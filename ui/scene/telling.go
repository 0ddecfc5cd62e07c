package scene

import (
	"slices"
	"strings"

	"cyrlock/evidence"
)

// telling is 1 where a frame matters: of a holder's threads, those come first.
func (b *Bucket) telling() int {
	for _, i := range b.Telling {
		if Lit(&b.Members[0].Thread.Frames[i]) {
			return 1
		}
	}
	return 0
}

// telling picks the frames that matter.
func telling(frames []evidence.Frame) []int {
	const most = 6
	var out []int
	for i := range frames {
		f := &frames[i]
		told := i > 0 && frames[i-1].Role == f.Role && !f.Signal
		if Lit(f) && !told && len(out) < most {
			out = append(out, i)
		}
	}
	for i := 0; len(out) < min(2, len(frames)) && i < len(frames); i++ {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// distinguish adds to buckets that look alike the innermost frame that differs.
func distinguish(buckets []Bucket) {
	first := map[string]*Bucket{}
	for i := range buckets {
		b := &buckets[i]
		frames := b.Members[0].Thread.Frames
		var key strings.Builder
		key.WriteString(b.Part.String() + Program(b.Members[0].Proc)) // a head tells those apart
		if b.File != nil {
			key.WriteString(b.File.Path)
		}
		for _, n := range b.Telling {
			key.WriteString("\n" + frames[n].Func)
		}
		alike := key.String()
		a, ok := first[alike]
		if !ok {
			first[alike] = b
			continue
		}
		others := a.Members[0].Thread.Frames
		for n := range min(len(frames), len(others)) {
			if frames[n].Func != others[n].Func {
				b.differ(n)
				a.differ(n)
				break
			}
		}
	}
}

func (b *Bucket) differ(frame int) {
	if b.Differs >= 0 {
		return
	}
	b.Differs = frame
	if at, there := slices.BinarySearch(b.Telling, frame); !there {
		b.Telling = slices.Insert(b.Telling, at, frame)
	}
}
