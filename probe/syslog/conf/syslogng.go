package conf

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// SyslogNG reads a configuration of syslog-ng: the log paths that begin at this
// machine's own messages, with plain filters and files. The error is about parts.
func SyslogNG(ctx context.Context, file string) (Config, error) {
	p := &syslogNG{reader: reader{ctx: ctx}, dir: filepath.Dir(file), named: map[string]map[string][]token{}}
	p.include(file, true, p.parse)
	c := Config{Daemon: "syslog-ng", Files: p.files}
	for i := range p.logs {
		p.path(&c, p.logs[i], always(), 0)
	}
	c.Sockets, c.Includes, c.Source = p.sockets, p.includes, p.source
	return c, errors.Join(p.errs...)
}

type token struct {
	Place
	text   string // of one that was quoted, what was between the quotes
	quoted bool
}

// syslogNG keeps source, filter and destination objects by name; log paths in order.
type syslogNG struct {
	reader
	dir     string
	named   map[string]map[string][]token
	logs    [][]token
	sockets []string

	includes []Option
	source   string
}

// parse cuts one file into its top level statements.
func (p *syslogNG) parse(name string, data []byte) {
	s := &scanner{file: name, text: string(data)}
	for s.skip(); s.more(); s.skip() {
		if s.take("@") {
			p.directive(s)
			continue
		}
		statement := s.statement()
		if len(statement) == 0 {
			continue
		}
		switch kind := statement[0].text; kind {
		case "log":
			p.logs = append(p.logs, statement)
		case "source", "filter", "destination", "rewrite", "parser":
			if len(statement) > 1 {
				if p.named[kind] == nil {
					p.named[kind] = map[string][]token{}
				}
				p.named[kind][statement[1].text] = inside(statement[2:])
			}
		}
	}
}

// directive reads "@include "conf.d/*.conf"" and goes over the others.
func (p *syslogNG) directive(s *scanner) {
	word, rest, _ := strings.Cut(strings.TrimSpace(s.rest()), " ")
	pattern := strings.Trim(strings.TrimSpace(rest), `"'`)
	if word != "include" || pattern == "" || pattern == "scl.conf" { // scl.conf: macros, no log paths
		return
	}
	at := s.place()
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(p.dir, pattern)
	} else if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	p.includes = append(p.includes, Option{pattern, at})
	p.include(pattern, false, p.parse)
}

// statement is the tokens up to the ";" at the top level.
func (s *scanner) statement() (tokens []token) {
	depth := 0
	for s.skip(); s.more(); s.skip() {
		t := token{Place: s.place()}
		if t.text, t.quoted = s.quoted(); !t.quoted {
			start := s.at
			for s.more() && strings.IndexByte("{}();, \t\r\n\"'#", s.text[s.at]) < 0 {
				s.at++
			}
			if s.at == start {
				s.at++
			}
			t.text = s.text[start:min(s.at, len(s.text))]
			switch t.text {
			case "{", "(":
				depth++
			case "}", ")":
				if depth--; depth <= 0 && t.text == "}" {
					return append(tokens, t) // newer releases need no ; here
				}
			case ";":
				if depth <= 0 {
					return tokens
				}
			}
		}
		tokens = append(tokens, t)
	}
	return tokens
}

func (t token) is(text string) bool { return !t.quoted && t.text == text }

// inside is what is between the first bracket and the one that closes it.
func inside(tokens []token) []token {
	in, _ := bracket(tokens)
	return in
}

// bracket cuts tokens that begin with an opening bracket at the one that closes it.
func bracket(tokens []token) (in, after []token) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("{"), t.is("("):
			depth++
		case t.is("}"), t.is(")"):
			if depth--; depth == 0 {
				return tokens[1:i], tokens[i+1:]
			}
		}
		if i == 0 && depth <= 0 {
			return nil, tokens
		}
	}
	return nil, nil
}

// path turns a log path into rules. What it does not understand makes it a maybe.
func (p *syslogNG) path(c *Config, log []token, when Cond, depth int) {
	if len(log) == 0 || depth > 10 {
		return
	}
	var to []Rule
	final, local, sourced := false, false, false
	rest := inside(log[1:])
	for len(rest) > 0 {
		t := rest[0]
		rest = rest[1:]
		in, after := bracket(rest)
		switch {
		case t.is(";"):
			continue
		case t.is("source"):
			sourced = true
			local = p.local(in) || local
		case t.is("filter"):
			if len(rest) > 0 && rest[0].is("(") && len(in) == 1 {
				when = when.and(p.filter(in[0].text, 0))
			} else {
				f := filter{p, in, 0}
				when = when.and(f.all())
			}
		case t.is("destination"):
			to = append(to, p.destination(t, in)...)
		case t.is("flags"):
			for _, flag := range in {
				final = final || flag.is("final")
				if flag.is("fallback") {
					when = when.and(Cond{})
				}
				local = local || flag.is("catchall")
			}
		case t.is("log"):
			if !sourced || local {
				p.path(c, append([]token{t}, rest[:len(rest)-len(after)]...), when, depth+1)
			}
		case t.is("rewrite"), t.is("parser"):
		default: // if, junction, channel …
			when = when.and(Cond{})
		}
		rest = after
	}
	if sourced && !local {
		return
	}
	if final {
		to = append(to, Rule{Place: log[0].Place, Kind: Stop, Text: "log { … flags(final); };"})
	}
	for _, r := range to {
		r.When = when
		if r.Why == "" && !when.sure() {
			r.Why = "it hangs on more than facility and level"
		}
		c.Rules = append(c.Rules, r)
	}
}

// local tells whether a source brings what programs here write to the system's log.
func (p *syslogNG) local(in []token) (is bool) {
	if len(in) == 1 {
		name := in[0].text
		defer func() {
			if is && p.source == "" {
				p.source = name
			}
		}()
		in = p.named["source"][name]
	}
	for i, t := range in {
		switch t.text {
		case "system", "systemd-journal", "systemd-syslog":
			is = true
		case "unix-dgram", "unix-stream":
			if i+2 < len(in) {
				if name := in[i+2].text; !slices.Contains(p.sockets, name) {
					p.sockets = append(p.sockets, name)
				}
			}
			is = true
		}
	}
	return is
}

// destination is the rules of a named destination, or of one in place.
func (p *syslogNG) destination(t token, in []token) (to []Rule) {
	text := "destination"
	if len(in) == 1 {
		name := in[0].text
		in, text = p.named["destination"][name], fmt.Sprintf("destination(%s)", name)
	}
	for len(in) > 0 {
		t := in[0]
		args, after := bracket(in[1:])
		r := Rule{Place: t.Place, Kind: ToOther, Text: cut(text + " " + t.text)}
		if t.is("file") && len(args) > 0 {
			r.Kind = ToFile
			if name := args[0].text; strings.HasPrefix(name, "/") && !strings.Contains(name, "$") {
				r.Path = filepath.Clean(name)
			}
			r.Text = cut(fmt.Sprintf("%s file(%q)", text, args[0].text))
		}
		if !t.is(";") {
			to = append(to, r)
		}
		in = after
	}
	return to
}

// filter is the condition of a named filter.
func (p *syslogNG) filter(name string, depth int) Cond {
	tokens, ok := p.named["filter"][name]
	if !ok || depth > 10 {
		return Cond{}
	}
	f := filter{p, tokens, depth}
	return f.all()
}
