package probe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// parseNetTCP reads /proc/net/tcp or tcp6 (proc_pid_net(5); net/ipv4/tcp_ipv4.c
// get_tcp4_sock) and returns the sockets with a wanted inode number.
func parseNetTCP(b []byte, wanted map[uint64]bool) map[uint64]evidence.Conn {
	found := make(map[uint64]evidence.Conn)
	for line := range bytes.Lines(b) {
		// sl local remote st tx:rx tr:when retransmits uid timeout inode
		var f [10][]byte
		rest := bytes.TrimSuffix(line, []byte("\n"))
		for i := range f {
			f[i], rest = word(rest)
		}
		ino, err := strconv.ParseUint(string(f[9]), 10, 64)
		if err != nil || !wanted[ino] {
			continue
		}
		local, ok1 := parseAddress(string(f[1]))
		remote, ok2 := parseAddress(string(f[2]))
		if !ok1 || !ok2 {
			continue
		}
		c := evidence.Conn{Local: local.String(), Remote: remote.String(), State: tcpState(string(f[3]))}
		tx, rx, _ := strings.Cut(string(f[4]), ":")
		timer, _, _ := strings.Cut(string(f[5]), ":")
		c.SendQ, c.RecvQ, c.Timer = queued(tx), queued(rx), tcpTimer(timer)
		found[ino] = c
	}
	return found
}

func queued(hex string) int {
	n, _ := strconv.ParseUint(hex, 16, 32)
	return int(n)
}

// parseAddress reads "0100007F:2B87": the address as 32-bit words of this
// machine's byte order, then the port.
func parseAddress(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(host) != 8 && len(host) != 32 {
		return netip.AddrPort{}, false
	}
	var b []byte
	for i := 0; i < len(host); i += 8 {
		w, err := strconv.ParseUint(host[i:i+8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		b = binary.NativeEndian.AppendUint32(b, uint32(w))
	}
	addr, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}

// tcpState names a state (include/net/tcp_states.h).
func tcpState(hex string) string {
	n, _ := strconv.ParseUint(hex, 16, 8)
	states := []string{"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"}
	if int(n) < len(states) {
		return states[n]
	}
	return fmt.Sprintf("state %d", n)
}

// tcpTimer says what the kernel waits for with this connection.
func tcpTimer(s string) string {
	switch s {
	case "01":
		return "retransmit"
	case "02":
		return "keepalive"
	case "04":
		return "zero window"
	}
	return ""
}

// parseNetUnix reads /proc/net/unix: inode and path of the wanted sockets.
func parseNetUnix(b []byte, wanted map[uint64]bool) map[uint64]evidence.Conn {
	found := make(map[uint64]evidence.Conn)
	for line := range bytes.Lines(b) {
		// Num RefCount Protocol Flags Type St Inode Path
		var f [7][]byte
		rest := bytes.TrimSuffix(line, []byte("\n"))
		for i := range f {
			f[i], rest = word(rest)
		}
		ino, err := strconv.ParseUint(string(f[6]), 10, 64)
		if err != nil || !wanted[ino] {
			continue
		}
		c := evidence.Conn{Local: string(bytes.TrimPrefix(rest, []byte(" ")))}
		switch string(f[5]) { // SS_* of include/uapi/linux/net.h
		case "01":
			c.State = "UNCONNECTED"
		case "02":
			c.State = "CONNECTING"
		case "03":
			c.State = "ESTABLISHED"
		case "04":
			c.State = "DISCONNECTING"
		}
		found[ino] = c
	}
	return found
}
