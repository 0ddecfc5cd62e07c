package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cyrlock/evidence"
)

// An Impact is what the waiting means for the mail of people. Its names stand as
// they were read; [Impact.Words] makes them safe to show.
type Impact struct {
	Users     []string       `json:"users"`
	Mailboxes []string       `json:"mailboxes"`
	Services  map[string]int `json:"services"` // waiting processes of each
	// Full names the services of which every allowed process waits: nobody new is served.
	Full []string `json:"full,omitempty"`
	// Slots are the limited services of which somebody waits, the fullest first.
	Slots []Slot `json:"slots,omitempty"`
}

// A Slot is the room of a service: cyrus.conf's maxchild allows so many processes,
// and each that waits is one less for everybody else.
type Slot struct {
	Service string `json:"service"` // its name in cyrus.conf
	Waiting int    `json:"waiting"`
	Running int    `json:"running"` // processes seen of it, waiting or not
	Max     int    `json:"max"`     // maxchild
}

// String says how full it is: "8 of 10 delivery slots wait".
func (s Slot) String() string {
	name, what := evidence.Clean(s.Service), "nobody new is served"
	switch {
	case s.Service == "lmtp":
		name, what = "delivery", "no mail is delivered"
	case strings.HasPrefix(s.Service, "lmtp"):
		name, what = name+" delivery", "no mail is delivered there"
	}
	switch {
	case s.Waiting < s.Max:
		return fmt.Sprintf("%s of %s %s slots wait", evidence.Thousands(s.Waiting), evidence.Thousands(s.Max), name)
	case s.Max == 1:
		return fmt.Sprintf("the only %s slot waits: %s", name, what)
	}
	return fmt.Sprintf("all %s %s slots wait: %s", evidence.Thousands(s.Max), name, what)
}

// Words says it in lines for a person: whose mail, which mailboxes, how many
// processes of which service, how much room is left. Of long lists the first few.
func (im Impact) Words() []string {
	var lines []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			lines = append(lines, what+": "+few(names))
		}
	}
	add("users", im.Users)
	add("mailboxes", im.Mailboxes)
	var waiting []string
	for _, name := range slices.Sorted(maps.Keys(im.Services)) {
		waiting = append(waiting, fmt.Sprintf("%s %s", evidence.Thousands(im.Services[name]), name))
	}
	add("waiting", waiting)
	for _, s := range im.Slots {
		lines = append(lines, s.String())
	}
	return lines
}

// few lists the first names: "anna, ben and 40 more".
func few(names []string) string {
	const most = 6
	if n := len(names) - most; n > 1 {
		return evidence.Clean(strings.Join(names[:most], ", ")) + fmt.Sprintf(" and %s more", evidence.Thousands(n))
	}
	return evidence.Clean(strings.Join(names, ", "))
}

// impact says what the waiting means for people.
func impact(g *graph, c cause) Impact {
	im := Impact{Users: []string{}, Mailboxes: []string{}, Services: map[string]int{}}
	users, mailboxes := map[string]bool{"": true}, map[string]bool{"": true}
	add := func(list *[]string, known map[string]bool, s string) {
		if !known[s] {
			known[s] = true
			*list = append(*list, s)
		}
	}
	workers := map[string]int{}
	stuck := slices.Clone(c.victims)
	if c.deadly {
		stuck = append(stuck, c.members...)
	}
	for _, pid := range stuck {
		for _, e := range g.edges[pid] { // lmtpd has no proc file before 3.12: the file tells whose mail waits
			add(&im.Users, users, e.file.User)
			add(&im.Mailboxes, mailboxes, e.file.Mailbox)
		}
		p := g.people[pid]
		if p == nil {
			continue
		}
		add(&im.Users, users, p.User)
		add(&im.Mailboxes, mailboxes, p.Mailbox)
		name := g.services.of(p)
		im.Services[name]++
		if g.services.employs(p) {
			workers[name]++
		}
	}
	slices.Sort(im.Users)
	slices.Sort(im.Mailboxes)
	im.Slots = g.services.slots(workers)
	for _, s := range im.Slots {
		if s.Waiting >= s.Max {
			im.Full = append(im.Full, s.Service)
		}
	}
	return im
}

// Slots are the limited services of which somebody waits, whatever for: of all
// roots together, the fullest first.
func (r *Report) Slots() []Slot {
	all := r.indexed()
	waiting, counted := map[string]int{}, map[int]bool{}
	for _, root := range r.Roots {
		for _, pid := range root.waiting() {
			if p := all.people[pid]; p != nil && !counted[pid] && all.services.employs(p) {
				counted[pid] = true
				waiting[all.services.of(p)]++
			}
		}
	}
	return all.services.slots(waiting)
}

// Services is what cyrus.conf says of services, and how many processes of each
// there are.
type services struct {
	master  int
	limited []evidence.Service // those with a maxchild
	names   map[string]bool
	running map[string]int
}

func servicesOf(c evidence.Cyrus, all people) services {
	s := services{master: c.Master, names: map[string]bool{}, running: map[string]int{}}
	for _, one := range c.Services {
		s.names[one.Name] = true
		if one.MaxChild > 0 {
			s.limited = append(s.limited, one)
		}
	}
	for _, p := range all {
		if s.employs(p) {
			s.running[s.of(p)]++
		}
	}
	return s
}

// employs says that a process takes up room of these services: another server on
// the same machine has its own, and so has a tool that somebody runs.
func (s services) employs(p *evidence.Process) bool {
	return p.Cyrus && (s.master == 0 || p.PPID == s.master)
}

// of is the service that a process works for. Up to 2.4 its title has only the
// name of the program: "lmtpd" is of the one service whose name begins with "lmtp".
func (s services) of(p *evidence.Process) string {
	name := cmp.Or(p.Service, program(*p))
	if s.names[name] {
		return name
	}
	short, ok := strings.CutSuffix(name, "d")
	if !ok || short == "" {
		return name
	}
	found := ""
	for service := range s.names {
		if strings.HasPrefix(service, short) {
			if found != "" {
				return name // imap and imaps: nobody can tell
			}
			found = service
		}
	}
	return cmp.Or(found, name)
}

// slots are the services that have a limit and of which somebody waits.
func (s services) slots(waiting map[string]int) []Slot {
	var out []Slot
	for _, one := range s.limited {
		if n := waiting[one.Name]; n > 0 {
			out = append(out, Slot{one.Name, n, max(one.Running, s.running[one.Name], n), one.MaxChild})
		}
	}
	slices.SortStableFunc(out, func(a, b Slot) int { return cmp.Compare(b.Waiting*a.Max, a.Waiting*b.Max) })
	return out
}
