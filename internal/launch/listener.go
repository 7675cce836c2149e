package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"benchrun/internal/procfs"
)

// listener names the process that listens on a port: "nginx (pid 123)"; "" where
// that cannot be seen, because nobody listens or it is somebody else's.
func listener(port int) string {
	sockets := listening(port)
	if len(sockets) == 0 {
		return ""
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // only a malformed pattern fails
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

// listening are the sockets that listen on a port, as /proc/PID/fd links to
// them.
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
