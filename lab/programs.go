package lab

import (
	"embed"
	"io/fs"
)

//go:embed mailserver/*.c mailserver/*.h
var sources embed.FS

// A program and the units it is linked from, each the name of a .c file.
type program struct {
	name  string
	units []string
}

// programs are the executables of all incidents. Their names are what
// /proc/PID/exe and comm show, so the Cyrus ones are called as in Cyrus.
func programs() []program {
	service := []string{"service", "config", "setproctitle", "proc", "prot", "mailbox", "lock_flock"}
	seen := append(service[:len(service):len(service)], "append", "seen_db", "cyrusdb_flat")
	with := func(common []string, more ...string) []string {
		return append(common[:len(common):len(common)], more...)
	}
	return []program{
		{"master", []string{"master", "config"}},
		{"imapd", with(seen, "imapd", "index", "idle", "newmail")},
		{"lmtpd", with(seen, "lmtpd")},
		{"pop3d", with(service, "pop3d")},
		{"notify", []string{"notify", "config"}},
		{"mailclient", []string{"mailclient", "config"}},
		{"backup", []string{"backup", "config"}},
		{"debugger", []string{"debugger", "config"}},
		{"container", []string{"container", "config"}},
		{"keeper", []string{"keeper"}},
	}
}

// units are the .c files that programs need, each once.
func units() []string {
	var list []string
	known := map[string]bool{}
	for _, p := range programs() {
		for _, u := range p.units {
			if !known[u] {
				known[u] = true
				list = append(list, u)
			}
		}
	}
	return list
}

// sourceFiles is the embedded C, by file name.
func sourceFiles() (map[string][]byte, error) {
	files := map[string][]byte{}
	entries, err := fs.ReadDir(sources, "mailserver")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(sources, "mailserver/"+e.Name())
		if err != nil {
			return nil, err
		}
		files[e.Name()] = text
	}
	return files, nil
}
