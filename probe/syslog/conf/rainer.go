package conf

import (
	"path/filepath"
	"slices"
	"strings"
)

// object reads what a word of RainerScript begins, and tells whether it was one.
func (p *rsyslog) object(s *scanner, word string, when Cond) bool {
	at := s.at - len(word)
	rule := Rule{Place: s.place(), Text: s.lineText(), When: when}
	switch word {
	case "if":
		p.branch(s, when)
		return true
	case "stop":
		rule.Kind = Stop
		p.file(rule)
		return true
	case "continue":
		return true
	case "call", "call_indirect":
		s.skip()
		rule.Kind, rule.Path = call, s.joined()
		if word == "call_indirect" {
			rule.Kind, rule.Path = ToOther, ""
		}
		p.file(rule)
		return true
	case "set", "unset", "reset":
		if s.more() && s.text[s.at] > ' ' {
			return false
		}
		s.until(';')
		return true
	case "foreach":
		s.parens()
		s.skip()
		s.word() // do
		p.action(s, when.and(Cond{}))
		return true
	}
	s.skip()
	if !slices.Contains([]string{"action", "module", "input", "ruleset", "global", "include"}, word) && !defined(word) || !s.take("(") {
		s.at = at + len(word)
		return false
	}
	params := s.params()
	switch word {
	case "module":
		name := strings.TrimSuffix(filepath.Base(params["load"].Value), ".so")
		p.config.Modules[name] = params
	case "global":
		for k, v := range params {
			p.config.Globals[k] = v
		}
	case "include":
		p.included(params["file"], params["mode"].Value != "optional")
	case "ruleset":
		outer := p.ruleset
		p.ruleset = params["name"].Value
		if s.skip(); s.take("{") {
			p.statements(s, always())
		}
		p.ruleset = outer
	case "action":
		p.file(objectAction(rule, params))
	}
	return true
}

// objectAction is action(type="omfile" file="…").
func objectAction(r Rule, params Module) Rule {
	r.Kind = ToOther
	switch params["type"].Value {
	case "omfile":
		r.Kind = ToFile
		if name := params["file"].Value; strings.HasPrefix(name, "/") {
			r.Path = filepath.Clean(name)
		}
	case "omjournal":
		r.Kind = ToJournal
	}
	for name := range params {
		if strings.HasPrefix(name, "action.execonly") {
			r.Why = "it is done only now and then: " + name
		}
	}
	return r
}

// params reads what is between the parentheses of an object: name="value" pairs.
func (s *scanner) params() Module {
	m := Module{}
	for s.skip(); s.more() && !s.take(")"); s.skip() {
		start, at := s.at, s.place()
		for s.more() && (wordByte(s.text[s.at]) || s.text[s.at] == '.' || s.text[s.at] == '-') {
			s.at++
		}
		name := strings.ToLower(s.text[start:s.at])
		s.skip()
		if name == "" || !s.take("=") {
			if s.more() && s.at == start {
				s.at++ // not understood: go on after it
			}
			continue
		}
		s.skip()
		if value, ok := s.quoted(); ok {
			m[name] = Option{value, at}
		}
	}
	return m
}

// parens goes over "( … )", quotes and nesting heeded.
func (s *scanner) parens() {
	if s.skip(); !s.take("(") {
		return
	}
	for depth := 1; s.more() && depth > 0; {
		switch c := s.text[s.at]; c {
		case '"', '\'':
			s.quoted()
			continue
		case '(':
			depth++
		case ')':
			depth--
		}
		s.at++
	}
}

// branch reads "if … then … else …".
func (p *rsyslog) branch(s *scanner, when Cond) {
	e := expression{s: s}
	cond := e.or(0)
	if s.skip(); !strings.EqualFold(s.word(), "then") {
		p.wrong(s, `"if" without "then", or not understood`)
		for s.more() { // until a then that stands by itself, or the end
			s.skip()
			if word := s.word(); word == "then" {
				break
			} else if word == "" && s.more() {
				if _, ok := s.quoted(); !ok && s.more() {
					s.at++
				}
			}
		}
		cond = Cond{}
	}
	p.action(s, when.and(cond))
	last := p.last
	start := s.at
	s.skip()
	if strings.EqualFold(s.word(), "else") {
		p.action(s, when.and(cond.not()))
	} else {
		s.at = start
	}
	p.last = last
}

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
