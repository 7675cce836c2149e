package launch

import (
	"os"

	"benchrun/internal/procfs"
)

// Others counts the other benchruns, of any user, that run on this machine now: each
// has a janitor from start to end. If /proc hides other users' processes, it does not
// count theirs.
func Others() int {
	pids, err := procfs.PIDs()
	if err != nil {
		return 0
	}
	n := 0
	for _, pid := range pids {
		argv, err := procfs.Words(pid, "cmdline")
		if err != nil || len(argv) != 2 || argv[1] != JanitorArg { // or it has ended
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && s.Parent != os.Getpid() {
			n++
		}
	}
	return n
}
