package procfs

import (
	"bytes"
	"iter"
	"os"
	"slices"
	"strconv"
)

// States of a TCP socket, the kernel's numbers.
const (
	CloseWait = 8 // the peer has closed, this side has not
	Listen    = 10
)

// Socket is one line of /proc/net/tcp or tcp6.
type Socket struct {
	Port  int // of this side
	State int
	Inode string // 0 = closed
}

// TCP lists the TCP sockets, IPv4 and IPv6, of the network namespace of a process. What
// cannot be read is left out.
func TCP(pid int) (all []Socket) {
	for _, file := range []string{"net/tcp", "net/tcp6"} {
		if text, err := os.ReadFile(Path(pid, file)); err == nil {
			all = slices.AppendSeq(all, Sockets(text))
		}
	}
	return all
}

// Link is what the links in /proc/PID/fd to the socket say.
func (s Socket) Link() string { return "socket:[" + s.Inode + "]" }

// Sockets goes through what stands in /proc/net/tcp or tcp6.
func Sockets(text []byte) iter.Seq[Socket] {
	return func(yield func(Socket) bool) {
		for line := range bytes.Lines(text) {
			f := bytes.Fields(line)
			if len(f) < 10 {
				continue
			}
			port, err1 := strconv.ParseUint(string(f[1][bytes.LastIndexByte(f[1], ':')+1:]), 16, 16)
			state, err2 := strconv.ParseUint(string(f[3]), 16, 8)
			if err1 != nil || err2 != nil { // the line of names
				continue
			}
			if !yield(Socket{Port: int(port), State: int(state), Inode: string(f[9])}) {
				return
			}
		}
	}
}
