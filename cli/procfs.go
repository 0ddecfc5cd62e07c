package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"cyrlock/probe/limit"
)

// procfs reads /proc, and waits for no answer longer than procLimit.
type procfs struct{}

const (
	procLimit = time.Second
	procBytes = 16 << 20 // of one file
)

func (procfs) Pids(ctx context.Context) ([]int, error) {
	return limit.Do(ctx, procLimit, func() ([]int, error) {
		dir, err := os.Open("/proc")
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		names, err := dir.Readdirnames(-1)
		var pids []int
		for _, name := range names {
			if pid, bad := strconv.Atoi(name); bad == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return pids, err
	})
}

func (procfs) Read(ctx context.Context, pid int, name string) ([]byte, error) {
	file := fmt.Sprintf("/proc/%d/%s", pid, name)
	text, err := limit.Do(ctx, procLimit, func() ([]byte, error) {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, procBytes))
	})
	if err == limit.ErrTime {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return text, err
}

func (procfs) Exe(ctx context.Context, pid int) (string, error) {
	return limit.Do(ctx, procLimit, func() (string, error) { return os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) })
}

func (procfs) Memory(ctx context.Context, pid int, addr uint64, n int) ([]byte, error) {
	return limit.Do(ctx, procLimit, func() ([]byte, error) {
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		data := make([]byte, n)
		n, err := f.ReadAt(data, int64(addr))
		if err != nil {
			return nil, err
		}
		return data[:n], nil
	})
}

// SameRoot compares the folders, not the namespaces: systemd gives services one of
// their own for a private /tmp.
func (procfs) SameRoot(ctx context.Context, pid int) (bool, error) {
	return limit.Do(ctx, procLimit, func() (bool, error) {
		mine, err := os.Stat("/")
		if err != nil {
			return false, err
		}
		its, err := os.Stat(fmt.Sprintf("/proc/%d/root/", pid))
		return err == nil && os.SameFile(mine, its), err
	})
}
