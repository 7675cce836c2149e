package launch

import "benchrun/internal/procfs"

// Child is the youngest living child of the leader: the pid as the group itself sees it; 0 =
// it has none.
func (g *Group) Child() int {
	g.mu.Lock()
	leader := g.leaderHost
	g.mu.Unlock()
	kids, err := procfs.Children(leader.PID)
	if err != nil || !leader.alive() {
		return 0
	}
	child, born := 0, uint64(0)
	for _, pid := range kids {
		if st, err := procfs.ReadStat(pid); err == nil && !st.Gone() && st.Start >= born {
			child, born = innermost(pid), st.Start
		}
	}
	return child
}

// PIDs lists the living processes of the group, as Members does, but as the group itself
// sees them.
func (g *Group) PIDs() ([]int, error) {
	members, err := g.Members()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, host := range members {
		if pid := innermost(host); pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
