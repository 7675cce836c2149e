package launch

import (
	"fmt"
	"os"
	"strconv"

	"benchrun/internal/procfs"
)

// listener names the process that listens on a port, for example "nginx (pid 123)". It
// returns "" if nobody listens, or if this user may not see the process.
func listener(port int) string {
	sockets := listening(port)
	if len(sockets) == 0 {
		return ""
	}
	pids, _ := procfs.PIDs() // without them, it is somebody else's
	for _, pid := range pids {
		fds, _ := procfs.Descriptors(pid) // none: it has ended, or is another user's
		for _, fd := range fds {
			if to, err := os.Readlink(procfs.Path(pid, "fd/"+strconv.Itoa(fd))); err != nil || !sockets[to] {
				continue
			}
			if s, err := procfs.ReadStat(pid); err == nil {
				return fmt.Sprintf("%s (pid %d)", s.Name, pid)
			}
		}
	}
	return "a process of another user"
}

// listening returns the sockets that listen on a port, as procfs.Socket.Link names them.
func listening(port int) map[string]bool {
	found := map[string]bool{}
	for _, s := range procfs.TCP(procfs.Self) {
		if s.State == procfs.Listen && s.Port == port {
			found[s.Link()] = true
		}
	}
	return found
}
