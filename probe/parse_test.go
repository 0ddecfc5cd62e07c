package probe

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

// As kernels print them: 6.18 but where a version is named.
const locksText = `1: FLOCK  ADVISORY  WRITE 19388 fe:00:10004589 0 EOF
1: -> FLOCK  ADVISORY  WRITE 19432 fe:00:10004589 0 EOF
1:  -> FLOCK  ADVISORY  READ 19480 fe:00:10004589 0 EOF
2: POSIX  ADVISORY  READ  7850 fe:00:9978048 128 191
3: OFDLCK ADVISORY  WRITE -1 103:0a:18446744073709551615 0 EOF
4: LEASE  ACTIVE    READ  812 00:1a:5 0 EOF
5: POSIX  *NOINODE* WRITE 5 <none>:0 0 EOF
`

var compareLines = cmp.AllowUnexported(lockLine{}, inode{})

func TestParseLocks(t *testing.T) {
	flocked, posix := inode{0xfe, 0, 10004589}, inode{0xfe, 0, 9978048}
	got, err := parseLocks([]byte(locksText))
	if !errors.Is(err, errFormat) || !strings.Contains(err.Error(), "<none>") {
		t.Errorf("error %v", err)
	}
	want := []lockLine{
		{inode: flocked, kind: evidence.Flock, mode: evidence.Write, pid: 19388},
		{inode: flocked, kind: evidence.Flock, mode: evidence.Write, pid: 19432, depth: 1},
		{inode: flocked, kind: evidence.Flock, mode: evidence.Read, pid: 19480, depth: 2},
		{inode: posix, kind: evidence.Posix, mode: evidence.Read, pid: 7850, start: 128, end: 191},
		{inode: inode{0x103, 10, 1<<64 - 1}, kind: evidence.OFD, mode: evidence.Write, pid: -1},
	}
	if d := cmp.Diff(want, got, compareLines); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// Under churn a reading shows a block twice, and another not at all.
func TestTable(t *testing.T) {
	lines := func(s string) []lockLine {
		got, err := parseLocks([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	const (
		owner  = "1: FLOCK  ADVISORY  WRITE 1 fe:00:7 0 EOF\n"
		waits  = "1: -> FLOCK  ADVISORY  WRITE 2 fe:00:7 0 EOF\n"
		waits2 = "1:  -> FLOCK  ADVISORY  WRITE 3 fe:00:7 0 EOF\n"
		other  = "2: FLOCK  ADVISORY  READ 9 fe:00:8 0 EOF\n"
		shared = "3: FLOCK  ADVISORY  READ 8 fe:00:8 0 EOF\n"
	)
	table := &table{files: make(map[lockKey]*tableFile)}
	for i, r := range []struct {
		text string
		news bool
	}{
		{owner + waits + other + owner + waits, true},
		{other, false},                          // misses the first lock
		{owner + waits + waits2 + shared, true}, // a new waiter
		{owner + waits + waits2 + other + other, false},
	} {
		if news := table.add(lines(r.text)); news != r.news {
			t.Errorf("reading %d: news %v", i+1, news)
		}
	}
	f := table.files[lockKey{inode{0xfe, 0, 7}, true}]
	if table.reads != 4 || table.held != 2 || f.present != 3 || len(f.held) != 1 || len(f.queue) != 2 {
		t.Errorf("table %+v, file %+v", table, f)
	}
	if f.place(2, 0) != 1 || f.place(3, 0) != 2 || f.place(3, 1) != 0 || f.place(4, 0) != 0 {
		t.Errorf("queue %+v", f.queue)
	}
	if crowd := table.files[lockKey{inode{0xfe, 0, 8}, true}]; len(crowd.owners()) != 2 {
		t.Errorf("both holders of a shared lock, from different readings: %v", crowd.held)
	}
}

const fdinfoText = "pos:\t42\nflags:\t02100002\nmnt_id:\t28\nino:\t10004589\nlock:\t1: FLOCK  ADVISORY  WRITE 19388 fe:00:10004589 0 EOF\n"

func TestParseFdinfo(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       fdinfo
		bad        bool
	}{
		{"locked", fdinfoText, fdinfo{pos: 42, mount: 28, ino: 10004589, locks: []lockLine{{inode: inode{0xfe, 0, 10004589}, kind: evidence.Flock, mode: evidence.Write, pid: 19388}}}, false},
		{"kernel 4.18", "pos:\t0\nflags:\t02\nmnt_id:\t9\n", fdinfo{mount: 9}, false},
		{"epoll", "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1\ntfd:        7 events: 80000019 data: 1  pos:0 ino:a sdev:9\n", fdinfo{mount: 15, ino: 1, polls: []int{7}}, false},
		{"unknown lines", "drm-driver:\tx\neventfd-count:  0\n", fdinfo{mount: -1}, false},
		{"broken", "mnt_id:\tx\n", fdinfo{}, true},
	} {
		got, err := parseFdinfo([]byte(c.text))
		if (err != nil) != c.bad {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(fdinfo{}), compareLines); d != "" && !c.bad {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
}

const statText = "7850 (a) b (imapd) S 7795 7795 7795 0 -1 4194560 1089 0 12 0 3 4 0 0 20 0 5 0 189492 74706944 4012 18446744073709551615 1 1 0 0 0 0 0 4096 2 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"

func TestParseStat(t *testing.T) {
	want := stat{comm: "a) b (imapd", state: "S", ppid: 7795, threads: 5, start: 189492, cpu: 1}
	got, err := parseStat([]byte(statText))
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if k, err := parseStat([]byte("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0 1 0 0 0 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0\n")); err != nil || !k.kernel {
		t.Errorf("kernel thread: %+v, %v", k, err)
	}
	for _, s := range []string{"", "7850", "7850 (x", "7850 (x) S y", ")("} {
		if _, err := parseStat([]byte(s)); !errors.Is(err, errFormat) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

const statusText = "Name:\timapd\nTracerPid:\t77\nUid:\t103\t103\t103\t103\nNSpid:\t7850\t12\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n"

func TestParseStatus(t *testing.T) {
	got, err := parseStatus([]byte(statusText))
	if want := (status{uid: 103, tracer: 77, nspids: 2, ran: 157}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := parseStatus([]byte("Uid:\tx\n")); err == nil {
		t.Errorf("%+v", got)
	}
}

const schedText = `imapd (7850, #threads: 1)
-------------------------------------------------------------------
se.exec_start                                :        950749.152181
se.vruntime                                  :          2826.961797
nr_switches                                  :                   15
nr_voluntary_switches                        :                    1
`

func TestParseSched(t *testing.T) {
	got, err := parseSched([]byte(schedText))
	if want := (schedule{950749.152181, 15}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, s := range []string{"", "se.exec_start : x\n", "se.exec_start : NaN\n", "se.exec_start : -1\n", "se.exec_start : 1\nnr_switches : -1\n"} {
		if _, err := parseSched([]byte(s)); !errors.Is(err, errFormat) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestParseCall(t *testing.T) {
	for text, want := range map[string]call{
		"running\n": {running: true, nr: -1},
		"73 0x9 0x2 0x0 0x1 0x2 0x3 0x7ffeeb9b2468 0x7fbf2b1322ad\n": {nr: 73, args: [6]uint64{9, 2, 0, 1, 2, 3}, sp: 0x7ffeeb9b2468, pc: 0x7fbf2b1322ad},
		"-1 0x7ffe 0x7fbf\n": {nr: -1, sp: 0x7ffe, pc: 0x7fbf},
	} {
		if got, err := parseCall([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "73", "73 9 2", "1 0x1 0x2", "73 0x9 0x2 0x0 0x1 0x2 0x3 0x7 0x8 0x9", "-1 0x1"} {
		if got, err := parseCall([]byte(text)); !errors.Is(err, errFormat) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// struct flock as the C libraries of each architecture lay it out.
func TestRequest(t *testing.T) {
	const high, low = 0x7ffeeb9b2468, 0xffb2_0000
	bytes := func(fields ...any) []byte {
		var b []byte
		for _, f := range fields {
			switch f := f.(type) {
			case int16:
				b = append(b, byte(f), byte(f>>8))
			case int32:
				b = append(b, byte(f), byte(f>>8), byte(f>>16), byte(f>>24))
			case int64:
				for i := range 8 {
					b = append(b, byte(f>>(8*i)))
				}
			}
		}
		return b
	}
	const rd, wr, set, cur, end = int16(0), int16(1), int16(0), int16(1), int16(2)
	for _, c := range []struct {
		name, arch string
		call       call
		memory     []byte
		want       request
		filled     bool
	}{
		{"flock EX", "amd64", call{nr: 73, args: [6]uint64{9, 2}, sp: high}, nil, request{fd: 9, kind: evidence.Flock, mode: evidence.Write}, false},
		{"flock SH, i386", "amd64", call{nr: 143, args: [6]uint64{9, 1}, sp: low}, nil, request{fd: 9, kind: evidence.Flock, mode: evidence.Read}, false},
		{"flock, arm64", "arm64", call{nr: 32, args: [6]uint64{9, 2}, sp: high}, nil, request{fd: 9, kind: evidence.Flock, mode: evidence.Write}, false},
		{"F_SETLKW", "amd64", call{nr: 72, args: [6]uint64{7, 7, 99}, sp: high}, bytes(wr, set, int32(0), int64(100), int64(50)), request{fd: 7, kind: evidence.Posix, mode: evidence.Write, start: 100, end: 149}, true},
		{"whole file", "arm64", call{nr: 25, args: [6]uint64{7, 7, 99}, sp: high}, bytes(rd, set, int32(0), int64(0), int64(0)), request{fd: 7, kind: evidence.Posix, mode: evidence.Read}, true},
		{"from the offset, backwards", "amd64", call{nr: 72, args: [6]uint64{7, 38, 99}, sp: high}, bytes(rd, cur, int32(0), int64(0), int64(-10)), request{fd: 7, kind: evidence.OFD, mode: evidence.Read, start: 32, end: 41}, true},
		{"from the end", "amd64", call{nr: 72, args: [6]uint64{7, 7, 99}, sp: high}, bytes(rd, end, int32(0), int64(0), int64(1)), request{fd: 7, kind: evidence.Posix}, false},
		{"i386 fcntl", "amd64", call{nr: 55, args: [6]uint64{7, 7, 99}, sp: low}, bytes(wr, set, int32(100), int32(50), int32(0)), request{fd: 7, kind: evidence.Posix, mode: evidence.Write, start: 100, end: 149}, true},
		{"i386 fcntl64", "amd64", call{nr: 221, args: [6]uint64{7, 14, 99}, sp: low}, bytes(wr, set, int64(1<<33), int64(0), int32(0)), request{fd: 7, kind: evidence.Posix, mode: evidence.Write, start: 1 << 33}, true},
		{"arm fcntl64", "arm64", call{nr: 221, args: [6]uint64{7, 14, 99}, sp: low}, bytes(wr, set, int32(0), int64(1<<33), int64(0)), request{fd: 7, kind: evidence.Posix, mode: evidence.Write, start: 1 << 33}, true},
		{"nonsense in memory", "amd64", call{nr: 72, args: [6]uint64{7, 7, 99}, sp: high}, bytes(int16(77), set, int32(0), int64(-5), int64(1)), request{fd: 7, kind: evidence.Posix}, false},
	} {
		got, ok := newCalls(c.arch).lock(c.call)
		if !ok {
			t.Errorf("%s: not a lock call", c.name)
			continue
		}
		if filled := got.fill(c.memory, 42); filled != c.filled {
			t.Errorf("%s: filled %v", c.name, filled)
		}
		got.at, got.layout = 0, layout{}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for name, c := range map[string]call{
		"LOCK_NB":      {nr: 73, args: [6]uint64{9, 6}, sp: high},
		"LOCK_UN":      {nr: 73, args: [6]uint64{9, 8}, sp: high},
		"F_SETLK":      {nr: 72, args: [6]uint64{9, 6}, sp: high},
		"F_SETLKW64":   {nr: 72, args: [6]uint64{9, 14}, sp: high}, // no such command there
		"read":         {nr: 0, args: [6]uint64{9, 2}, sp: high},
		"143 on amd64": {nr: 143, args: [6]uint64{9, 2}, sp: high}, // sched_getparam
		"running":      {nr: -1, running: true},
	} {
		if got, ok := newCalls("amd64").lock(c); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCallNames(t *testing.T) {
	for _, c := range []struct {
		arch string
		nr   int
		sp   uint64
		want string
	}{
		{"amd64", 0, 1 << 40, "read"}, {"amd64", 1, 1 << 40, "write"}, {"amd64", 35, 1 << 40, "nanosleep"}, {"amd64", 232, 1 << 40, "epoll_wait"},
		{"amd64", 334, 1 << 40, "rseq"}, {"amd64", 424, 1 << 40, "pidfd_send_signal"}, {"amd64", 400, 1 << 40, ""}, {"amd64", 202, 1 << 40, "futex"},
		{"amd64", 3, 1 << 20, "read"}, {"amd64", 142, 1 << 20, "_newselect"}, {"amd64", 240, 1 << 20, "futex"},
		{"arm64", 63, 1 << 40, "read"}, {"arm64", 64, 1 << 40, "write"}, {"arm64", 72, 1 << 40, "pselect6"}, {"arm64", 101, 1 << 40, "nanosleep"}, {"arm64", 206, 1 << 40, "sendto"},
		{"arm64", 290, 1 << 20, "sendto"}, {"riscv64", 1, 1 << 40, ""},
	} {
		if got := newCalls(c.arch).name(call{nr: c.nr, sp: c.sp}); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.arch, c.nr, got, c.want)
		}
	}
}

const tcpText = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2B87 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31917 1 0000000043698a7d 100 0 0 10 0
   1: 0100007F:2B87 0302000A:D431 01 0000FDE8:00000003 04:00000b1f 00000000   103        0 41000 2 0000000043698a7d 100 0 0 10 -1
   2: 0000000000000000FFFF00000100007F:0016 B80D01200000000000000000010000000:0 01 0:0 00:0 0 0 0 41001 1
   3: B80D0120000000000000000001000000:008F B80D0120000000000000000002000000:D431 08 00000000:00000000 01:00000014 00000003   103        0 41002 1
`

func TestParseNetTCP(t *testing.T) {
	got := parseNetTCP([]byte(tcpText), map[uint64]bool{31917: true, 41000: true, 41001: true, 41002: true, 5: true})
	want := map[uint64]evidence.Conn{
		31917: {Local: "127.0.0.1:11143", Remote: "0.0.0.0:0", State: "LISTEN"},
		41000: {Local: "127.0.0.1:11143", Remote: "10.0.2.3:54321", State: "ESTABLISHED", SendQ: 65000, RecvQ: 3, Timer: "zero window"},
		41002: {Local: "[2001:db8::1]:143", Remote: "[2001:db8::2]:54321", State: "CLOSE_WAIT", Timer: "retransmit"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if len(parseNetTCP([]byte(tcpText), nil)) != 0 {
		t.Error("sockets that nobody asked for")
	}
}

const unixText = `Num       RefCount Protocol Flags    Type St Inode Path
00000000854786e9: 00000002 00000000 00010000 0001 01 31919 /run/cyrus/socket/lmtp
00000000202445d2: 00000003 00000000 00000000 0001 03 31398
0000000020244500: 00000003 00000000 00000000 0001 03 31400 @name with blanks
`

func TestParseNetUnix(t *testing.T) {
	got := parseNetUnix([]byte(unixText), map[uint64]bool{31919: true, 31398: true, 31400: true})
	want := map[uint64]evidence.Conn{
		31919: {Local: "/run/cyrus/socket/lmtp", State: "UNCONNECTED"},
		31398: {State: "ESTABLISHED"},
		31400: {Local: "@name with blanks", State: "ESTABLISHED"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCommonTail(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"/a/b/c", "/a/b/c", 3}, {"/x/b/c", "/y/z/b/c", 2}, {"/c", "/d", 0}, {"/", "/", 0}, {"", "/a", 0}} {
		if got := commonTail(c.a, c.b); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1812: "1,812", 1234567: "1,234,567"} {
		if got := evidence.Thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
