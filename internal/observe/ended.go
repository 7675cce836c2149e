package observe

import "time"

// noPID stands for news of forks, where wait reports deaths by pid.
const noPID = -1

// nudged stands for a nudge.
const nudged = -2

// told is the death watch's callback: a process has ended, or some were forked.
func (t *tree) told(pid int) {
	if pid == noPID {
		t.hearForks()
		return
	}
	// No process has the pid nudged.
	if p := t.members[pid]; p != nil {
		t.ended(p)
	}
}

// alive says whether a member runs. It serves where a pidfd cannot tell.
func (t *tree) alive(p *member) bool {
	s, ok := t.refresh(p)
	return ok && !s.Gone()
}

// ended marks a member as dead from now on. It stays a member until it is reaped.
func (t *tree) ended(p *member) {
	if p.diedAt != 0 {
		return
	}
	now := time.Now()
	p.diedAt = t.clock.Now()
	p.patience = now.Add(statusPatience)
	if p.pidfd >= 0 {
		t.deaths.remove(p.pidfd)
	}
	if t.seen[p.seen] == p {
		delete(t.seen, p.seen)
	}
	t.unreported++
	t.report(p, now)
}

// report reports a death as soon as its exit status is known or nobody can learn it any
// more. A zombie shows the status in its stat, if this user may see it; a pidfd knows it
// once the process was reaped.
func (t *tree) report(p *member, now time.Time) {
	if p.reported {
		return
	}
	s, ok := t.refresh(p)
	known := true
	switch {
	case ok && s.Gone() && (p.visible || s.Exit != 0):
		p.exit = decodeExit(s.Exit)
	case p.pidfd >= 0:
		p.exit, known = exitOf(p.pidfd)
	default:
		known = !ok // reaped: the status is lost
	}
	if !known && now.Before(p.patience) {
		return
	}
	p.reported = true
	t.unreported--
	t.onDied(p)
}

// release removes a member that was reaped.
func (t *tree) release(p *member) {
	t.report(p, p.patience)
	t.deadCPU += p.cpu
	delete(t.members, p.pid)
	p.close()
}
