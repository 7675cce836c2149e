package place

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// ForbidForks keeps the target from starting any process or thread, until allow is called.
func (p *Place) ForbidForks() (allow func(), err error) {
	undo, err := p.group.ForbidForks()
	return p.orDoubt(undo), err
}

// FillTmp leaves no room for any file in the target's own folder for temporary files,
// until empty is called.
func (p *Place) FillTmp(ctx context.Context) (empty func(), err error) {
	undo, err := p.group.FillTmp(ctx)
	return p.orDoubt(undo), err
}

// orDoubt gives back what was taken away. A server that does not get it back is not to
// blame for what follows.
func (p *Place) orDoubt(undo func() error) func() {
	return func() {
		if err := undo(); err != nil && !p.ended.Load() {
			p.journal.Doubt(bench.Doubt{Cause: "not-given-back", Note: err.Error()})
		}
	}
}

// BlockLog leaves unread what the target logs, until release is called, and records when,
// and how much waited to be read at the end. nonce is that of the fault.
func (p *Place) BlockLog(nonce string) (release func(), err error) {
	at, log := p.clock.Now(), p.log
	reopen, err := log.block()
	if err != nil {
		return nil, err
	}
	p.journal.Mark(at, bench.MarkSignal, nonce)
	return func() {
		if n, err := log.pipe.unread(); err == nil { // otherwise nobody knows, and the reasons say nothing
			p.journal.Add(bench.Mark{T: p.clock.Now(), Name: bench.MarkLogUnread, Bytes: n})
		}
		reopen()
	}, nil
}

// ownTmp is the target's own folder for temporary files; "" = it has none.
func (p *Place) ownTmp() string {
	if !p.needs.OwnTmp {
		return ""
	}
	return filepath.Join(p.scratch.Work, "tmp")
}

// makeOwnTmp makes that folder.
func (p *Place) makeOwnTmp() error {
	dir := p.ownTmp()
	if dir == "" {
		return nil
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil && p.host.User != nil {
		err = os.Chown(dir, p.host.User.UID, p.host.User.GID)
	}
	if err != nil {
		return fmt.Errorf("folder for temporary files: %w", err)
	}
	return nil
}

// withOwnTmp is an environment with that folder for temporary files.
func (p *Place) withOwnTmp(env []string) []string {
	dir := p.ownTmp()
	if dir == "" {
		return env
	}
	env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") })
	return append(env, "TMPDIR="+dir)
}
