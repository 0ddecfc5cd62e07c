package conf

import (
	"slices"
	"strings"
)

// expression is a condition of RainerScript, as far as facility and level decide it.
type expression struct{ s *scanner }

const deepest = 50

func (e expression) or(depth int) Cond {
	c := e.and(depth)
	for e.operator("or") {
		c = c.or(e.and(depth))
	}
	return c
}

func (e expression) and(depth int) Cond {
	c := e.not(depth)
	for e.operator("and") {
		c = c.and(e.not(depth))
	}
	return c
}

func (e expression) operator(name string) bool {
	e.s.skip()
	start := e.s.at
	if strings.EqualFold(e.s.word(), name) {
		return true
	}
	e.s.at = start
	return false
}

func (e expression) not(depth int) Cond {
	if e.operator("not") && depth < deepest {
		return e.not(depth + 1).not()
	}
	start := e.s.at
	if depth < deepest && e.s.take("(") {
		c := e.or(depth + 1)
		if e.s.skip(); e.s.take(")") && !e.compares() {
			return c
		}
		e.s.at = start
	}
	return e.comparison()
}

// compares tells whether an operator comes next: what was in parentheses was a value.
func (e expression) compares() bool {
	e.s.skip()
	return e.s.more() && strings.IndexByte("=<>!+-*/%&", e.s.text[e.s.at]) >= 0
}

// comparison reads one atom: up to "and", "or", "then" or a closing parenthesis.
func (e expression) comparison() Cond {
	var words []string
	s := e.s
	for s.skip(); s.more(); s.skip() {
		start := s.at
		c := s.text[s.at]
		if c == ')' || c == '{' || c == '}' {
			break
		}
		if text, ok := s.quoted(); ok {
			words = append(words, "'"+text)
			continue
		}
		if c == '(' {
			s.parens()
			words = append(words, s.text[start:s.at])
			continue
		}
		for s.more() && (wordByte(s.text[s.at]) || strings.IndexByte("$!.-", s.text[s.at]) >= 0 && s.text[s.at] != '=') {
			if s.text[s.at] == '!' && strings.HasPrefix(s.text[s.at:], "!=") {
				break
			}
			s.at++
		}
		word := s.text[start:s.at]
		if word == "" {
			for s.more() && strings.IndexByte("=<>!", s.text[s.at]) >= 0 {
				s.at++
			}
			if word = s.text[start:s.at]; word == "" {
				s.at++
				word = s.text[start:s.at]
			}
		} else if w := strings.ToLower(word); w == "and" || w == "or" || w == "then" {
			s.at = start
			break
		}
		words = append(words, word)
	}
	return atom(words)
}

// atom knows prifilt("mail.*") and comparisons of facility and severity.
func atom(words []string) Cond {
	if len(words) == 2 && strings.EqualFold(words[0], "prifilt") && strings.HasPrefix(words[1], "(") {
		inner := scanner{text: words[1], at: 1}
		inner.skip()
		if text, ok := inner.quoted(); ok {
			if set, err := selector(text); err == nil {
				return of(set)
			}
		}
	}
	if len(words) != 3 {
		return Cond{}
	}
	var number func(string) (int, bool)
	ordered := false
	facility := false
	switch strings.ToLower(words[0]) {
	case "$syslogfacility-text", "$syslogfacility":
		number, facility, ordered = Facility, true, words[0][len(words[0])-1] == 'y'
	case "$syslogseverity-text", "$syslogpriority-text":
		number = severity
	case "$syslogseverity", "$syslogpriority":
		number, ordered = severity, true
	default:
		return Cond{}
	}
	n, ok := number(strings.TrimPrefix(words[2], "'"))
	if !ok {
		return Cond{}
	}
	var s Set
	for f := range s {
		for l := 0; l <= Debug; l++ {
			v := l
			if facility {
				v = f
			}
			switch op := words[1]; {
			case op == "==" && v == n, op == "!=" && v != n, op == "<>" && v != n,
				ordered && (op == "<" && v < n || op == "<=" && v <= n || op == ">" && v > n || op == ">=" && v >= n):
				s[f] |= 1 << l
			case !ordered && op != "==" && op != "!=" && op != "<>", !slices.Contains([]string{"==", "!=", "<>", "<", "<=", ">", ">="}, op):
				return Cond{}
			}
		}
	}
	return of(s)
}
