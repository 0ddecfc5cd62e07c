package diagnose

import "slices"

// components are the strongly connected sets of processes (Tarjan 1972), without
// recursion: a chain may be as long as there are processes.
func (g *graph) components() [][]int {
	type visit struct{ pid, next int }
	index, low := map[int]int{}, map[int]int{}
	onStack := map[int]bool{}
	var stack []int
	var out [][]int
	for _, start := range g.pids {
		if _, done := index[start]; done {
			continue
		}
		todo := []visit{{pid: start}}
		for len(todo) > 0 {
			v := &todo[len(todo)-1]
			if v.next == 0 {
				index[v.pid] = len(index)
				low[v.pid] = index[v.pid]
				stack, onStack[v.pid] = append(stack, v.pid), true
			}
			if v.next < len(g.edges[v.pid]) {
				to := g.edges[v.pid][v.next].to
				v.next++
				if to == nobody {
					continue
				}
				if _, done := index[to]; !done {
					todo = append(todo, visit{pid: to})
				} else if onStack[to] {
					low[v.pid] = min(low[v.pid], index[to])
				}
				continue
			}
			pid := v.pid
			todo = todo[:len(todo)-1]
			if len(todo) > 0 {
				up := todo[len(todo)-1].pid
				low[up] = min(low[up], low[pid])
			}
			if low[pid] == index[pid] {
				var group []int
				for {
					top := stack[len(stack)-1]
					stack, onStack[top] = stack[:len(stack)-1], false
					group = append(group, top)
					if top == pid {
						break
					}
				}
				slices.Sort(group)
				out = append(out, group)
			}
		}
	}
	return out
}
