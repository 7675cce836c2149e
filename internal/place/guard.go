package place

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
)

// guard protects the host after each look: the target must never take the last of
// the memory or of the disk. If benchrun ends the target here, the attempt is
// invalid. If the kernel ends it at a cgroup's cap, that is the server's result
// (docs/method.md, "At the memory cap").
func (p *Place) guard(v bench.Vital) {
	p.watchHost(v)
	if err := p.log.bound(); err != nil {
		p.endEarly("log-flood", err.Error())
	}
	if v.MemAvailable > 0 && v.MemAvailable < p.host.MemoryFloor {
		p.endEarly("host-memory", fmt.Sprintf("available memory fell to %d MiB, the floor is %d MiB", v.MemAvailable>>20, p.host.MemoryFloor>>20))
		return
	}
	if limit := p.host.Limits.MemoryBytes; !p.host.Caps.Memory && limit > 0 && v.Memory > limit {
		p.endEarly(bench.DoubtMemoryCap, fmt.Sprintf("the target used %d MiB where no memory cgroup could stop it at %d MiB", v.Memory>>20, limit>>20))
	}
}

func (p *Place) endEarly(cause, note string) {
	p.journal.Doubt(bench.Doubt{Cause: cause, Note: note})
	p.ended.Store(true)
	go p.destroySoon() // not on the observer's goroutine: Destroy waits for the tree
}

// destroyPatience is how long ending a target early may take.
const destroyPatience = 10 * time.Second

// destroySoon ends the target early. Close destroys it again, and reports what
// may remain.
func (p *Place) destroySoon() {
	ctx, cancel := context.WithTimeout(context.Background(), destroyPatience)
	defer cancel()
	_ = p.group.Destroy(ctx)
}
