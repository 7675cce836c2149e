package place

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/procfs"
	"benchrun/targets"
)

// What a target may take of the disk, and what must stay free for the host, in
// bytes. Files in memory have a bound of their own (bench.Limits.TmpBytes), and
// benchrun truncates the log (mostLog).
const (
	targetDisk = 1 << 30
	targetTmp  = 256 << 20
	diskFloor  = 256 << 20 // or a twentieth of a small file system
)

// How often benchrun looks at disks. Each look asks for the free space. benchrun
// adds up the target's files once a second, earlier if the free space falls
// quickly, and later if adding up takes long.
const (
	diskLooks = 200 * time.Millisecond
	diskSums  = time.Second
	diskShare = 20 // adding up may take 1/diskShare of the time
	diskHaste = 64 << 20
)

// floorOf is how many bytes of a file system of this size must stay free.
func floorOf(size int64) int64 { return min(diskFloor, size/20) }

// roomIn returns an error if the file system of dir has too little free space to
// begin anything.
func roomIn(dir string) error {
	free, size, err := launch.Space(dir)
	if err != nil {
		return err
	}
	if floor := floorOf(size); free < floor {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("only %d MiB are free in %s, and %d MiB must stay free", free>>20, dir, floor>>20),
			Hint:    "make room, or set TMPDIR and --out to folders on a larger disk",
		}
	}
	return nil
}

// guardRoom returns a context for a program that is not a server. The context
// ends, with a bench.EnvironmentError as its cause, when the program leaves the
// host less memory than memoryFloor (bytes), or too little space in the folder for
// temporary files or in that of installations. stop ends the watching.
func guardRoom(ctx context.Context, temporary string, memoryFloor int64) (guarded context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	dirs := []string{temporary}
	if cache, err := targets.CacheFolder(); err == nil {
		dirs = append(dirs, cache)
	}
	go func() {
		tick := time.NewTicker(diskLooks)
		defer tick.Stop()
		for {
			if free, _ := procfs.MemAvailable(); free > 0 && free < memoryFloor {
				cancel(&bench.EnvironmentError{
					Problem: fmt.Sprintf("only %d MiB of memory are available, and %d MiB must stay available", free>>20, memoryFloor>>20),
					Hint:    "end other programs, or run benchrun where memory can be limited (benchrun doctor)",
				})
			}
			for _, dir := range dirs {
				var short *bench.EnvironmentError
				if errors.As(roomIn(dir), &short) {
					cancel(short)
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// diskWatch is what watchDisk remembers.
type diskWatch struct {
	sum      time.Time // when to add up the target's files next
	free     int64     // bytes when they were last added up
	tmpTold  bool
	mostDisk int64
}

// watchDisk keeps the target from taking the last of a disk. If benchrun ends a
// target that takes more than its own bound, that is the server's result. If
// benchrun ends it because the host's disk gets full, it is not: others may have
// filled the disk (docs/method.md, "At the bounds of the disk"). watchDisk has a
// goroutine of its own, because the observer's looks must not wait for it.
func (p *Place) watchDisk(ctx context.Context) {
	w := diskWatch{mostDisk: p.host.Limits.DiskBytes}
	if w.mostDisk <= 0 {
		return
	}
	tick := time.NewTicker(diskLooks)
	defer tick.Stop()
	for p.lookAtDisk(ctx, &w) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// lookAtDisk is one look. It returns false when the target has been ended.
func (p *Place) lookAtDisk(ctx context.Context, w *diskWatch) bool {
	if !w.tmpTold && p.group.TmpFull() {
		w.tmpTold = true
		p.journal.Mark(p.clock.Now(), bench.MarkTmpFull, fmt.Sprintf("%d MiB", p.group.Limits().TmpBytes>>20))
	}
	free, size, err := launch.Space(p.scratch.Dir)
	if err != nil {
		p.endEarly("host-disk", err.Error())
		return false
	}
	short := free < floorOf(size)
	if now := time.Now(); short || now.After(w.sum) || free < w.free-diskHaste {
		disk, _ := p.group.Disk(ctx, w.mostDisk)
		if ctx.Err() != nil {
			return false
		}
		p.files.Store(int64(disk.Files))
		if disk.Bytes >= w.mostDisk {
			p.journal.Mark(p.clock.Now(), bench.MarkDiskCap, fmt.Sprintf("%d MiB", disk.Bytes>>20))
			p.ended.Store(true)
			go p.destroySoon()
			return false
		}
		// After an error the sum is a lower bound. The next look may do better, and
		// diskFloor still protects the host.
		took := time.Since(now)
		w.sum, w.free = time.Now().Add(max(diskSums, took*diskShare)), free
	}
	if short {
		p.endEarly("host-disk", fmt.Sprintf("only %d MiB were left free on the disk of %s, the floor is %d MiB", free>>20, p.scratch.Dir, floorOf(size)>>20))
		return false
	}
	logs := filepath.Dir(p.logPath)
	if free, size, err := launch.Space(logs); err == nil && free < floorOf(size) {
		p.endEarly("host-disk", fmt.Sprintf("only %d MiB were left free on the disk of %s, the floor is %d MiB", free>>20, logs, floorOf(size)>>20))
		return false
	}
	return true
}
