package procfs

import (
	"bytes"
	"iter"
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
	Inode string // links in /proc/PID/fd name it "socket:[INODE]"
}

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
