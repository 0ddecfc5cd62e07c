package conf

import "strings"

// filter is an expression of syslog-ng, as far as facility and level decide it.
type filter struct {
	from  *syslogNG
	rest  []token
	depth int
}

// all is the whole of it; what is left over makes it a maybe.
func (f *filter) all() Cond {
	c := f.or(0)
	if f.take(";"); len(f.rest) > 0 {
		return Cond{}
	}
	return c
}

func (f *filter) take(text string) bool {
	ok := len(f.rest) > 0 && f.rest[0].is(text)
	if ok {
		f.rest = f.rest[1:]
	}
	return ok
}

func (f *filter) or(depth int) Cond {
	c := f.and(depth)
	for f.take("or") {
		c = c.or(f.and(depth))
	}
	return c
}

func (f *filter) and(depth int) Cond {
	c := f.not(depth)
	for f.take("and") {
		c = c.and(f.not(depth))
	}
	return c
}

func (f *filter) not(depth int) Cond {
	if depth > deepest {
		f.rest = nil
		return Cond{}
	}
	if f.take("not") {
		return f.not(depth + 1).not()
	}
	if len(f.rest) == 0 {
		return Cond{}
	}
	if f.rest[0].is("(") {
		in, after := bracket(f.rest)
		inner := filter{f.from, in, f.depth}
		f.rest = after
		c := inner.or(depth + 1)
		if len(inner.rest) > 0 {
			return Cond{}
		}
		return c
	}
	name := f.rest[0].text
	args, after := bracket(f.rest[1:])
	f.rest = after
	return f.test(name, args)
}

// test is one function of a filter.
func (f *filter) test(name string, args []token) Cond {
	var s Set
	for _, t := range args {
		if t.is(",") {
			continue
		}
		switch name {
		case "facility":
			n, ok := Facility(t.text)
			if !ok {
				return Cond{}
			}
			s[n] = 0xff
		case "level", "priority", "severity":
			first, last, between := strings.Cut(t.text, "..")
			if !between {
				last = first
			}
			a, ok := severity(first)
			b, also := severity(last)
			if !ok || !also {
				return Cond{}
			}
			for l := min(a, b); l <= max(a, b); l++ {
				for i := range s {
					s[i] |= 1 << l
				}
			}
		case "filter":
			return f.from.filter(t.text, f.depth+1)
		default:
			return Cond{}
		}
	}
	if len(args) == 0 {
		return Cond{}
	}
	return of(s)
}
