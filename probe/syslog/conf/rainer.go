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
	defer func() { p.depth-- }()
	if p.tooDeep(s) {
		return
	}
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
