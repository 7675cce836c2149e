package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"benchrun/internal/procfs"
)

// listener names the process that listens on a port, for example "nginx (pid 123)". It
// returns "" if nobody listens, or if this user may not see the process.
func listener(port int) string {
	sockets := listening(port)
	if len(sockets) == 0 {
		return ""
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // fails only for a malformed pattern
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || !sockets[to] {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), pid)
	}
	return "a process of another user"
}

// listening returns the sockets that listen on a port, named like the targets of the
// links in /proc/PID/fd.
func listening(port int) map[string]bool {
	found := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for s := range procfs.Sockets(b) {
			if s.State == procfs.Listen && s.Port == port {
				found["socket:["+s.Inode+"]"] = true
			}
		}
	}
	return found
}
