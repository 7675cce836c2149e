package judge

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// filledDisk says that benchrun ended the target because its files took more
// than it may have. Nobody else writes them, so that is its own doing.
func (f *facts) filledDisk() bool {
	_, ended := f.v.marks[bench.MarkDiskCap]
	return ended && f.v.head.Limits.DiskBytes > 0
}

// diskWords tell of bounds that the target's files met, which explains what came
// of it.
func (f *facts) diskWords() string {
	var met []string
	if f.filledDisk() {
		met = append(met, fmt.Sprintf(bench.DiskFilled+": its files took %s, the bound is %s MiB; benchrun ended it there",
			f.v.disk, figure(mib(f.v.head.Limits.DiskBytes), 0)))
	}
	if _, full := f.v.marks[bench.MarkTmpFull]; full {
		met = append(met, fmt.Sprintf("filled all of its %s MiB of /tmp, /dev/shm and the like", figure(mib(f.v.head.Limits.TmpBytes), 0)))
	}
	return strings.Join(met, "; ")
}
