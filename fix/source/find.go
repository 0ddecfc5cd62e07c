package source

import (
	"fmt"
	"slices"
	"strings"
)

// A function is the definition of a function, as indexes of tokens.
type function struct {
	name        string
	named       int // where its name stands
	first       int // where its definition begins, with type and storage class
	params      int // the opening bracket of its parameters
	open, close int // the brackets of its body
	classic     bool
	conditional bool // it stands between #if and #endif
}

// parse finds the definitions of functions with one of these names. Comments must
// be out of all.
func parse(all []token, names ...string) ([]function, error) {
	var found []function
	first, conditions := 0, 0
	for i := 0; i < len(all); i++ {
		switch t := all[i]; {
		case t.kind == directive:
			conditions = max(0, conditions+opens(t))
			first = i + 1
		case t.is(";"):
			first = i + 1
		case t.is("{"):
			to, err := match(all, i)
			if err != nil {
				return nil, err
			}
			for _, t := range all[i:to] {
				if t.kind == directive {
					conditions = max(0, conditions+opens(t))
				}
			}
			i, first = to, to+1
		case t.kind == word && slices.Contains(names, t.text) && i+1 < len(all) && all[i+1].is("("):
			f, to, err := definition(all, i)
			if err != nil {
				return nil, err
			}
			if f.open > 0 {
				f.first, f.conditional = first, conditions > 0
				found = append(found, f)
			}
			i = to
		}
	}
	return found, nil
}

// opens is 1 for #if and its kin, -1 for #endif.
func opens(t token) int {
	switch name := directiveName(t); name {
	case "if", "ifdef", "ifndef":
		return 1
	case "endif":
		return -1
	}
	return 0
}

func directiveName(t token) string {
	all, _ := tokens([]byte(t.text[1:]))
	for _, t := range all {
		if t.kind != comment {
			return t.text
		}
	}
	return ""
}

// definition reads on from a function's name: to the bracket before its body (the
// caller goes on there), or to where it turns out to be a declaration only.
func definition(all []token, at int) (f function, last int, err error) {
	f = function{name: all[at].text, named: at, params: at + 1}
	to, err := match(all, at+1)
	if err != nil {
		return f, 0, err
	}
	for i := to + 1; i < len(all); i++ {
		switch t := all[i]; {
		case t.is("__attribute__") && i+1 < len(all) && all[i+1].is("("):
			if i, err = match(all, i+1); err != nil {
				return f, 0, err
			}
		case t.is("{"):
			f.open = i
			f.close, err = match(all, i)
			return f, i - 1, err
		case t.is(";") && !f.classic, t.kind == directive, t.is("="), t.is("}"), t.is("("):
			return f, i - 1, nil
		default:
			f.classic = true // the types of its parameters, as in 1978
		}
	}
	return f, len(all), nil
}

// match finds the bracket that closes the one at from.
func match(all []token, from int) (int, error) {
	closing := map[string]string{"(": ")", "{": "}"}[all[from].text]
	depth := 0
	for i := from; i < len(all); i++ {
		switch {
		case all[i].is(all[from].text):
			depth++
		case all[i].is(closing):
			if depth--; depth == 0 {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("a %q that is never closed", all[from].text)
}

// only returns the one function with this name, nil if there is none.
func only(found []function, name string) (*function, error) {
	var f *function
	for i := range found {
		if found[i].name != name {
			continue
		}
		if f != nil {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		f = &found[i]
	}
	if f != nil && f.conditional {
		return nil, fmt.Errorf("%s stands between #if and #endif: whether it is compiled cannot be told", name)
	}
	return f, nil
}

// A call is where a function is called.
type call struct {
	at, to int // from its name to its closing bracket
	args   []string
}

// calls are the calls of a function in a body.
func calls(all []token, f *function, name string) ([]call, error) {
	var found []call
	for i := f.open; i < f.close; i++ {
		if all[i].kind != word || !all[i].is(name) || !all[i+1].is("(") {
			continue
		}
		to, err := match(all, i+1)
		if err != nil {
			return nil, err
		}
		found = append(found, call{i, to, arguments(all[i+2 : to])})
		i = to
	}
	return found, nil
}

// arguments are the texts between the commas, without white space.
func arguments(all []token) []string {
	var args []string
	var b strings.Builder
	depth := 0
	for _, t := range all {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.is(",") && depth == 0:
			args = append(args, b.String())
			b.Reset()
			continue
		}
		b.WriteString(t.text)
	}
	return append(args, b.String())
}

// assigned reports whether the call is all of `name = call;`.
func (c call) assigned(all []token) bool {
	return c.at >= 2 && all[c.at-1].is("=") && all[c.at-2].kind == word && c.to+1 < len(all) && all[c.to+1].is(";")
}

// sheltered reports whether the token at stands between #if and #endif in f's body.
func (f *function) sheltered(all []token, at int) bool {
	depth := 0
	for _, t := range all[f.open:at] {
		if t.kind == directive {
			depth += opens(t)
		}
	}
	return depth > 0
}
