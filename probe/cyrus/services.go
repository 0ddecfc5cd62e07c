package cyrus

import (
	"strings"

	"cyrlock/evidence"
)

// parseServices reads the SERVICES section of a cyrus.conf (cyrus.conf(5)) the way
// the master does. Lines that it would refuse are skipped.
func parseServices(data []byte) []evidence.Service {
	var services []evidence.Service
	open, inside := false, false
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#") // inside quotes too: the master knows no better
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case !open:
			head, rest, brace := strings.Cut(line, "{")
			open = brace && !strings.Contains(rest, "}")
			inside = strings.EqualFold(strings.TrimSpace(head), "services")
		case line[0] == '}':
			open = false
		default:
			name, entry, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
			if inside && serviceName(name) {
				services = append(services, parseService(name, entry))
			}
			open = !strings.Contains(unquoted(entry), "}")
		}
	}
	return services
}

// unquoted is a line without what stands between double quotes.
func unquoted(line string) string {
	var b strings.Builder
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	return b.String()
}

// parseService reads the key=value and key="a value" pairs of one entry.
func parseService(name, entry string) evidence.Service {
	s := evidence.Service{Name: name}
	for {
		key, rest, ok := strings.Cut(strings.TrimLeft(entry, " "), "=")
		if !ok {
			return s
		}
		var value string
		if text, quoted := strings.CutPrefix(rest, `"`); quoted {
			value, entry, _ = strings.Cut(text, `"`)
		} else {
			value, entry, _ = strings.Cut(rest, " ")
		}
		if key == "maxchild" {
			s.MaxChild = number(value) // -1, the default, means no limit
		}
	}
}
