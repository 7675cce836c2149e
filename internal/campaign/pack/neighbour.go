package pack

import (
	"math"
	"time"
)

// Claim is what running tasks take together, or what a task would take.
type Claim struct {
	Load
	Alone bool `json:"alone,omitempty"` // nothing runs beside it
}

// Negative says that the claim makes no sense; nil does.
func (c *Claim) Negative() bool {
	return c != nil && (c.CPU < 0 || c.Burst < 0 || c.Memory < 0)
}

// Notice is what a pool tells the pools of other programs on the same machine.
type Notice struct {
	Runs  *Claim    `json:"runs,omitempty"`  // its running tasks; nil = none
	Wants *Claim    `json:"wants,omitempty"` // the task that it would begin if the other pools were not there; nil = none
	Since time.Time `json:"since"`           // since when that task waits
	CPUs  float64   `json:"cpus"`            // how many CPUs all pools together may fill, in its judgement
}

// Empty says that the notice is of no use to anybody.
func (n Notice) Empty() bool { return n.Runs == nil && n.Wants == nil }

// Board is where the pools on a machine leave their notices.
type Board interface {
	// Turn calls decide with the notices of the other pools, and shows them the notice
	// that it returns. Meanwhile no other pool decides.
	Turn(decide func(others []Notice) Notice)
	// Leave removes the notice.
	Leave()
}

// Patience is how long a task waits for other pools. Their tasks take a few minutes at
// most, so after this time one of them hangs, and none of them is believed until all have
// gone.
const Patience = 15 * time.Minute

// Beside takes in what the other pools on this machine say now.
func (p *Packer) Beside(others []Notice) {
	p.neighbours = others
	p.outlasted = p.outlasted && len(others) > 0
}

// Notice is what the other pools should know.
func (p *Packer) Notice() Notice {
	n := Notice{Wants: p.wants, Since: p.since, CPUs: p.room.CPUs}
	if len(p.running) > 0 {
		runs := Claim{}
		for _, i := range p.Running() {
			c := p.claim(p.tasks[i])
			runs = Claim{Load: sum(runs.Load, c.Load), Alone: runs.Alone || c.Alone}
		}
		n.Runs = &runs
	}
	return n
}

// claim is what a task takes. A load may be infinite, which is more than a notice can say.
func (p *Packer) claim(t Task) Claim {
	c := Claim{Load: p.load(t), Alone: p.alone(t)}
	c.CPU = min(c.CPU, p.room.CPUs)
	return c
}

// claims are what the other pools take, and what those of them want that have waited
// longer than this one. Together with them, tasks may fill cpus at most.
func (p *Packer) claims(now time.Time) (claims []Claim, cpus float64) {
	cpus = math.Inf(1)
	if p.wants != nil && now.Sub(p.since) >= Patience {
		p.outlasted = true
	}
	if p.outlasted {
		return nil, cpus
	}
	for _, n := range p.neighbours {
		if n.Runs != nil {
			claims = append(claims, *n.Runs)
		}
		if n.Wants != nil && (p.wants == nil || n.Since.Before(p.since)) && now.Sub(n.Since) < Patience {
			claims = append(claims, *n.Wants)
			cpus = min(cpus, n.CPUs)
		}
	}
	return claims, cpus
}

// theirs is how many CPUs the running tasks of the other pools take.
func (p *Packer) theirs() float64 {
	all := 0.0
	for _, n := range p.neighbours {
		if n.Runs != nil {
			all += n.Runs.CPU
		}
	}
	return all
}

// want notes for which task this pool waits because of the others: the first that would
// begin without them.
func (p *Packer) want(now time.Time) {
	was := p.wants
	p.wants = nil
	if len(p.neighbours) == 0 {
		return
	}
	for _, i := range p.waiting {
		if !p.fits(p.tasks[i], nil, math.Inf(1)) {
			continue
		}
		c := p.claim(p.tasks[i])
		if p.wants = &c; was == nil {
			p.since = now
		}
		return
	}
}
