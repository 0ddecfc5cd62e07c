package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"cyrlock/fix/source"
	"cyrlock/fix/timedlock"
)

const (
	lockers  = 100
	longest  = 20 * time.Second
	shortest = time.Second / 2
	// The drain of one file, where everything is ten times as fast.
	scale    = 10
	crowded  = 5 * time.Second / scale // how long it is held after the last has asked
	critical = 10 / scale              // ms that each of them keeps it
)

// A design is a way to wait for a lock, and the programs that wait so: one in real
// time, one by the scaled clock.
type design struct{ name, bin, scaled string }

// schedule measures how soon a released lock is got, with the lock code of Cyrus as
// it was released, with the seed's schedule, and with ours; all at the same time.
func (b *bench) schedule() error {
	designs := []design{{name: "plain"}, {name: "quadratic"}, {name: "hybrid"}}
	for i, o := range []*source.Options{nil, {Schedule: timedlock.Schedule{Maxtime: 99}}, {Schedule: timedlock.Schedule{Maxtime: 99, Hybrid: true}}} {
		d := &designs[i]
		var err error
		if d.bin, err = b.locker(d.name, o, 1); err != nil {
			return err
		}
		if d.scaled, err = b.locker(d.name, o, scale); err != nil {
			return err
		}
	}
	mean, err := b.handOff(designs)
	if err != nil {
		return err
	}
	b.goal("hybrid beside plain blocking, mean", mean["hybrid"]/mean["plain"], 2, "times")
	b.atLeast("quadratic beside hybrid, mean", mean["quadratic"]/mean["hybrid"], 1000)
	if err := b.drain(designs); err != nil {
		return err
	}
	return b.lostWakeUp(designs)
}

// handOff holds as many files as there are lockers, from half a second to twenty,
// and has one wait for each. It returns the mean latencies in ms.
func (b *bench) handOff(designs []design) (map[string]float64, error) {
	late := make([][]float64, len(designs))
	var all errgroup.Group
	for i, d := range designs {
		late[i] = make([]float64, lockers)
		for n := range lockers {
			all.Go(func() error {
				path := filepath.Join(b.dir, fmt.Sprintf("%s-%d.seen", d.name, n))
				h, err := hold(path)
				if err != nil {
					return err
				}
				w, err := ask(d.bin, path, "0")
				if err != nil {
					return err
				}
				time.Sleep(shortest + (longest-shortest)*time.Duration(n)/(lockers-1))
				released := h.release()
				err = w.end()
				late[i][n] = float64(w.got-released) / 1e6
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	mean := map[string]float64{}
	for i, d := range designs {
		for _, l := range late[i] {
			mean[d.name] += l / lockers
		}
		row(fmt.Sprintf("%s: release to lock, %d held 0.5 to 20 s", d.name, lockers), fmt.Sprintf("mean %.4g ms, worst %.4g ms", mean[d.name], slices.Max(late[i])))
	}
	return mean, nil
}

// A drained is how a crowd behind one lock got it.
type drained struct {
	took   float64 // s from the release to the last
	turned int     // pairs of which the later comer was first
	gaveUp int
}

// drain has all wait for one file, and measures until the last has had it.
func (b *bench) drain(designs []design) error {
	results := make([]drained, len(designs))
	var all errgroup.Group
	for i, d := range designs {
		all.Go(func() (err error) {
			results[i], err = crowd(d.scaled, filepath.Join(b.dir, d.name+".seen"))
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i, d := range designs {
		r := results[i]
		row(fmt.Sprintf("%s: %d waiters for 10 ms each, after 5 s", d.name, lockers),
			fmt.Sprintf("drained in %.3g s, %d gave up, %.2g %% of pairs in wrong order (clock 1:%d)",
				r.took*scale, r.gaveUp, 100*float64(r.turned)/(lockers*(lockers-1)/2), scale))
	}
	return nil
}

func crowd(bin, path string) (r drained, err error) {
	h, err := hold(path)
	if err != nil {
		return r, err
	}
	var waits []*wait
	for range lockers {
		w, err := ask(bin, path, fmt.Sprint(critical))
		if err != nil {
			return r, err
		}
		waits = append(waits, w)
	}
	time.Sleep(crowded)
	released := h.release()
	for i, w := range waits {
		if err := w.end(); err != nil {
			return r, err
		}
		if w.got == 0 {
			r.gaveUp++
			continue
		}
		r.took = max(r.took, float64(w.got-released)/1e9)
		for _, earlier := range waits[:i] {
			if w.got < earlier.got {
				r.turned++
			}
		}
	}
	return r, nil
}

// lostWakeUp has waiters whom no release wakes. The lock is free after 2.8 s, and
// the seed's next try after that comes at 5 s.
func (b *bench) lostWakeUp(designs []design) error {
	const free, nextTry, patience = 2800 * time.Millisecond, 5 * time.Second, 8 * time.Second
	healed := make([]float64, len(designs)) // s; 0: never
	var all errgroup.Group
	for i, d := range designs {
		all.Go(func() error {
			path := filepath.Join(b.dir, d.name+"-lost.seen")
			h, err := hold(path)
			if err != nil {
				return err
			}
			w, err := ask(d.bin, path, "0", "lost")
			if err != nil {
				return err
			}
			stuck := time.AfterFunc(patience, func() { _ = w.cmd.Process.Kill() })
			time.Sleep(free)
			h.release()
			if err := w.end(); stuck.Stop() {
				healed[i] = float64(w.got-w.asked) / 1e9
				return err
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i, d := range designs {
		what := d.name + ": lost wake-up, free at 2.8 s, healed at"
		if healed[i] == 0 && d.name == "plain" {
			row(what, fmt.Sprintf("never (within %v)", patience))
			continue
		} else if healed[i] == 0 {
			healed[i] = math.Inf(1)
		}
		b.goal(what, healed[i], nextTry.Seconds()+0.25, "s")
	}
	return nil
}
