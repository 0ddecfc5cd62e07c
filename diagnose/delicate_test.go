package diagnose

import (
	"strings"
	"testing"

	"cyrlock/evidence"
)

// Functions and libraries whose work must not be cut short, as they are written in
// backtraces, and their neighbours that are none of them.
func TestDelicateFrames(t *testing.T) {
	for _, c := range []struct {
		frame evidence.Frame
		left  string // of what is left half done; "": it is not delicate
	}{
		{evidence.Frame{Func: "mailbox_index_repack.constprop.0"}, "reconstruct it"},
		{evidence.Frame{Func: "mailbox_expunge"}, "reconstruct it"},
		{evidence.Frame{Func: "mailbox_upgrade_index"}, "reconstruct it"},
		{evidence.Frame{Func: "mboxlist_renamemailbox"}, "reconstruct both"},
		{evidence.Frame{Func: "mailbox_rename"}, "reconstruct both"},
		{evidence.Frame{Func: "mycheckpoint.isra.0"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "recovery2"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "libcyrus_run_delayed"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "__bam_split_4002"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "__memp_fget"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "txn_commit", Module: "/usr/lib/libdb-3.2.so"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Module: "/usr/lib/x86_64-linux-gnu/libdb-5.3.so"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Module: "/usr/lib/libdb3.so.3"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Module: "/usr/lib/libdb.so.3 (deleted)"}, "ctl_cyrusdb -r"},
		{evidence.Frame{Func: "dbus_connection_send", Module: "/usr/lib/libdbus-1.so.3"}, ""},
		{evidence.Frame{Func: "__log_finite", Module: "/lib/libm.so.6"}, ""},
		{evidence.Frame{Func: "sync_checkpoint"}, ""},
		{evidence.Frame{Func: "starttxn_or_refetch"}, ""},
		{evidence.Frame{Func: "append_addseen"}, ""},
	} {
		s := Annotate(evidence.Snapshot{Processes: []evidence.Process{{PID: 7, Threads: []evidence.Thread{{TID: 7, Frames: []evidence.Frame{{Func: "write"}, c.frame}}}}}})
		work := Delicate(s.Processes[0])
		if (work != "") != (c.left != "") {
			t.Errorf("%+v: %q", c.frame, work)
		}
		if work != "" && !strings.Contains(halfDone(work), c.left) {
			t.Errorf("%+v: %q", c.frame, halfDone(work))
		}
	}
}
