package evidence

import (
	"slices"
	"testing"
)

func TestStopCost(t *testing.T) {
	s := Snapshot{
		Files: []File{
			{Waiters: []Waiter{{PID: 7, TID: 7, Depth: 1}, {PID: 7, TID: 8, Depth: 2}, {PID: 6, TID: 6, Depth: 3}, {PID: 7, TID: 9, Polls: true}}},
			{Waiters: []Waiter{{PID: 5, TID: 5}}},
		},
		Processes: []Process{
			{PID: 7, Threads: []Thread{{TID: 7, Syscall: "flock"}, {TID: 8, Syscall: "fcntl"}, {TID: 9, Syscall: "nanosleep"}}},
			{PID: 5, Threads: []Thread{{TID: 5, Syscall: "flock"}}},
			{PID: 4, Threads: []Thread{{TID: 4, Syscall: "write"}, {TID: 41, Syscall: "epoll_wait"}, {TID: 42, Syscall: "write"}, {TID: 43, Syscall: "poll"}}},
		},
	}
	if c := s.StopCost(7); c.Threads != 3 || c.US != 3*StopUS || c.Waits != 2 || c.Behind != 2+1 || c.Interrupts != nil {
		t.Errorf("two of three threads wait for a lock: %+v", c)
	}
	if c := s.StopCost(4); c.Waits != 0 || !slices.Equal(c.Interrupts, []string{"write", "epoll_wait"}) {
		t.Errorf("two write to a client, one waits for events: %+v", c)
	}
	if c := s.StopCost(5); c.Waits != 1 || c.Behind != 0 {
		t.Errorf("the last one in the queue: %+v", c)
	}
	if c := s.StopCost(1); c.Threads != 0 || c.US != 0 {
		t.Errorf("a process that is not there: %+v", c)
	}
}

// As it was seen of flock(1) on Linux 6.18: who woke when one was stopped.
func TestBehind(t *testing.T) {
	for _, c := range []struct {
		name   string
		depths []int
		first  int // is stopped
		want   int
	}{
		{"writers", []int{1, 2, 3, 4, 5}, 0, 4},
		{"writers", []int{1, 2, 3, 4, 5}, 2, 2},
		{"writers", []int{1, 2, 3, 4, 5}, 4, 0},
		{"readers", []int{1, 1, 1, 1, 1}, 1, 0},
		{"a reader, a writer behind it, more readers", []int{1, 2, 1, 1, 1}, 0, 1},
		{"a reader, two writers behind it, more readers", []int{1, 2, 3, 1, 1}, 0, 2},
		{"not in the table", []int{0, 0}, 0, 0},
	} {
		var queue []Waiter
		for _, d := range c.depths {
			queue = append(queue, Waiter{Depth: d})
		}
		if got := behind(queue[c.first:]); got != c.want {
			t.Errorf("%s, stopping %d: %d wake with it, want %d", c.name, c.first, got, c.want)
		}
	}
}
