package launch

import (
	"bytes"
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
		text, err := os.ReadFile(procfs.Path(pid, "cmdline"))
		if err != nil { // it has ended
			continue
		}
		argv := bytes.Split(bytes.TrimRight(text, "\x00"), []byte{0})
		if len(argv) != 2 || string(argv[1]) != JanitorArg {
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && s.Parent != os.Getpid() {
			n++
		}
	}
	return n
}
