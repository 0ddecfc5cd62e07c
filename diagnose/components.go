package diagnose

import "slices"

// components are the strongly connected sets of processes (Tarjan 1972), without
// recursion: a chain may be as long as there are processes.
func (g *graph) components() [][]int {
	type visit struct{ at, next int } // places in g.pids and in the edges
	place := make(map[int]int, len(g.pids))
	for i, pid := range g.pids {
		place[pid] = i
	}
	index, low := make([]int, len(g.pids)), make([]int, len(g.pids)) // index 0: not visited
	onStack := make([]bool, len(g.pids))
	var stack []int
	var out [][]int
	visited := 0
	for start := range g.pids {
		if index[start] != 0 {
			continue
		}
		todo := []visit{{at: start}}
		for len(todo) > 0 {
			v := &todo[len(todo)-1]
			at := v.at
			if v.next == 0 && index[at] == 0 {
				visited++
				index[at], low[at] = visited, visited
				stack, onStack[at] = append(stack, at), true
			}
			if edges := g.edges[g.pids[at]]; v.next < len(edges) {
				to := edges[v.next].to
				v.next++
				if to == nobody {
					continue
				}
				if to := place[to]; index[to] == 0 {
					todo = append(todo, visit{at: to})
				} else if onStack[to] {
					low[at] = min(low[at], index[to])
				}
				continue
			}
			todo = todo[:len(todo)-1]
			if len(todo) > 0 {
				up := todo[len(todo)-1].at
				low[up] = min(low[up], low[at])
			}
			if low[at] == index[at] {
				var group []int
				for {
					top := stack[len(stack)-1]
					stack, onStack[top] = stack[:len(stack)-1], false
					group = append(group, g.pids[top])
					if top == at {
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
