package conf

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Rsyslog reads a configuration of rsyslogd, old lines and RainerScript, with all that
// it includes. The error is about parts; what could be read counts.
func Rsyslog(ctx context.Context, file string) (Config, error) {
	p := &rsyslog{
		reader: reader{ctx: ctx},
		config: Config{Daemon: "rsyslog", Modules: map[string]Module{}, Globals: map[string]Option{}, rulesets: map[string][]Rule{}},
	}
	p.include(file, true, p.parse)
	p.finish()
	return p.config, errors.Join(p.errs...)
}

// rsyslog parses: a rule set at a time is filled, "" being the default one.
type rsyslog struct {
	reader
	config  Config
	ruleset string
	channel map[string]string // path of an $outchannel
	block   string            // "!program" or "+host": the following lines are only for that
	last    Cond              // of the rule before, for "&"
	depth   int
}

func (p *rsyslog) finish() {
	p.config.Files = p.files
	start := p.config.Globals["defaultruleset"].Value
	if r, ok := p.config.Modules["imuxsock"]["ruleset"]; ok {
		start = r.Value
	}
	if start == "RSYSLOG_DefaultRuleset" {
		start = ""
	}
	p.config.RuleSet = start
	p.config.Rules = p.config.rulesets[start]
}

// parse reads the text of one file.
func (p *rsyslog) parse(name string, data []byte) {
	s := &scanner{file: name, text: string(data)}
	p.block = ""
	p.last = always()
	for s.skip(); s.more(); s.skip() {
		if s.take("}") {
			p.wrong(s, "a } too many")
			continue
		}
		p.statement(s, always())
	}
}

func (p *rsyslog) wrong(s *scanner, what string) {
	if len(p.errs) < 20 {
		p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", s.file, s.line(), what))
	}
}

// statement reads one, of which only messages that meet when come into question.
func (p *rsyslog) statement(s *scanner, when Cond) {
	defer func(start int) {
		p.depth--
		if s.at <= start && s.more() {
			s.at++ // whatever it is, it must not hold us up
		}
	}(s.at)
	if p.tooDeep(s) {
		return
	}
	switch c := s.text[s.at]; {
	case c == '$':
		p.directive(s)
		return
	case c == '{':
		s.at++
		p.statements(s, when)
		return
	case c == '&':
		s.at++
		p.action(s, p.last)
		return
	case c == ':':
		p.property(s, when)
		return
	case strings.IndexByte("/~@?|^", c) >= 0, strings.HasPrefix(s.text[s.at:], "-/"): // an old action by itself, in a block
		p.action(s, when)
		return
	case (c == '!' || c == '+' || c == '-') && s.lineStart():
		if p.block = strings.TrimSpace(s.rest()); strings.HasSuffix(p.block, "*") {
			p.block = ""
		}
		return
	case c == '#' || c == ';':
		s.at++
		return
	}
	if word := s.word(); word != "" && !p.object(s, strings.ToLower(word), when) {
		s.at -= len(word)
		p.selected(s, when)
	} else if word == "" {
		p.selected(s, when)
	}
}

// tooDeep counts one more level; from a depth that nobody writes it reads nothing more.
func (p *rsyslog) tooDeep(s *scanner) bool {
	if p.depth++; p.depth <= deepest {
		return false
	}
	p.wrong(s, "nested too deeply")
	s.at = len(s.text)
	return true
}

func (p *rsyslog) statements(s *scanner, when Cond) {
	for s.skip(); s.more(); s.skip() {
		if s.take("}") {
			return
		}
		p.statement(s, when)
	}
	p.wrong(s, "a } is missing")
}

// selected reads "mail.* action".
func (p *rsyslog) selected(s *scanner, when Cond) {
	text := s.joined()
	set, err := selector(text)
	if err != nil {
		p.wrong(s, err.Error())
		// What cannot be read may pass anything.
		p.action(s, Cond{})
		return
	}
	p.action(s, when.and(of(set)))
}

// property reads ":msg, contains, "text" action": it hangs on the message.
func (p *rsyslog) property(s *scanner, when Cond) {
	s.until(',')
	s.until(',')
	s.skip()
	s.quoted()
	p.action(s, when.and(Cond{}))
}

// action reads what follows a filter: a block, an object, or an old action.
func (p *rsyslog) action(s *scanner, when Cond) {
	s.skip()
	p.last = when
	if !s.more() {
		return
	}
	if s.text[s.at] == '{' || s.text[s.at] == '&' {
		p.statement(s, when)
		p.last = when
		return
	}
	start := s.at
	if word := s.word(); word != "" && p.object(s, strings.ToLower(word), when) {
		p.last = when
		return
	}
	s.at = start
	rule := Rule{Place: s.place(), When: when, Text: s.lineText()}
	p.add(rule, s.joined())
}

// add files a rule with an old action: "-/var/log/mail.log;template", "~", "@host".
func (p *rsyslog) add(r Rule, action string) {
	action, _, _ = strings.Cut(action, ";")
	name := strings.TrimPrefix(action, "-")
	r.Kind = ToOther
	switch {
	case action == "~":
		r.Kind = Stop
	case strings.HasPrefix(name, "/"):
		r.Kind, r.Path = ToFile, filepath.Clean(name)
	case strings.HasPrefix(name, "?"):
		r.Kind = ToFile
	case strings.HasPrefix(name, ":omfile:$"), strings.HasPrefix(name, "$"):
		r.Kind, r.Path = ToFile, p.channel[name[strings.Index(name, "$")+1:]]
	case strings.HasPrefix(name, ":omjournal:"):
		r.Kind = ToJournal
	}
	p.file(r)
}

// file puts a rule into the rule set that is being read.
func (p *rsyslog) file(r Rule) {
	if p.block != "" {
		r.When, r.Why = r.When.and(Cond{}), "it is only for "+p.block
	}
	if r.Why == "" && !r.When.sure() {
		r.Why = "it hangs on more than facility and level"
		r.Text = cut(r.Text)
	}
	p.config.rulesets[p.ruleset] = append(p.config.rulesets[p.ruleset], r)
}

// directive reads an old "$Name value".
func (p *rsyslog) directive(s *scanner) {
	at := s.place()
	name, value, _ := strings.Cut(strings.TrimSpace(s.rest()[1:]), " ")
	if a, b, ok := strings.Cut(name, "\t"); ok {
		name, value = a, b+" "+value
	}
	value, _, _ = strings.Cut(value, " #")
	name, value = strings.ToLower(name), strings.TrimSpace(value)
	set := func(module, option string) {
		if p.config.Modules[module] == nil {
			p.config.Modules[module] = Module{}
		}
		p.config.Modules[module][option] = Option{value, at}
	}
	switch name {
	case "includeconfig":
		p.included(Option{value, at}, true)
	case "ruleset":
		if p.ruleset = value; value == "RSYSLOG_DefaultRuleset" {
			p.ruleset = ""
		}
	case "outchannel":
		parts := strings.Split(value, ",")
		if len(parts) > 1 {
			if p.channel == nil {
				p.channel = map[string]string{}
			}
			p.channel[strings.TrimSpace(parts[0])] = filepath.Clean(strings.TrimSpace(parts[1]))
		}
	case "modload":
		if value = strings.TrimSuffix(filepath.Base(value), ".so"); p.config.Modules[value] == nil {
			p.config.Modules[value] = Module{}
		}
	case "systemlogratelimitinterval":
		set("imuxsock", "syssock.ratelimit.interval")
	case "systemlogratelimitburst":
		set("imuxsock", "syssock.ratelimit.burst")
	case "systemlogsocketname":
		set("imuxsock", "syssock.name")
	case "omitlocallogging":
		if strings.EqualFold(value, "on") {
			value = "off"
			set("imuxsock", "syssock.use")
		}
	case "imjournalratelimitinterval":
		set("imjournal", "ratelimit.interval")
	case "imjournalratelimitburst":
		set("imjournal", "ratelimit.burst")
	default:
		p.config.Globals[name] = Option{value, at}
	}
}

// included reads the files of an include: a folder means all in it.
func (p *rsyslog) included(o Option, must bool) {
	pattern := o.Value
	if pattern == "" {
		return
	}
	p.config.Includes = append(p.config.Includes, o)
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	block, last := p.block, p.last
	p.include(pattern, must, p.parse)
	p.block, p.last = block, last
}

// defined tells whether a name is one of RainerScript's objects that carry settings.
func defined(name string) bool {
	return slices.Contains([]string{"template", "main_queue", "lookup_table", "parser", "dyn_stats", "timezone", "ratelimit", "percentile_stats"}, name)
}
