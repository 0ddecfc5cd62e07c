package shim

import (
	"context"
	"fmt"
	"os"
	"strconv"
)

// machine is /proc as it is, for tests of processes that answer.
type machine struct{}

func (machine) Pids(context.Context) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, bad := strconv.Atoi(e.Name()); bad == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

func (machine) Read(_ context.Context, pid int, name string) ([]byte, error) {
	return os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
}

func (machine) Exe(_ context.Context, pid int) (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
}

func (machine) Memory(_ context.Context, pid int, addr uint64, n int) ([]byte, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, n)
	_, err = f.ReadAt(data, int64(addr))
	return data, err
}

func (machine) SameRoot(context.Context, int) (bool, error) { return true, nil }
