package observe

import (
	"fmt"

	"benchrun/internal/procfs"
)

// hostFiles reads the host-wide figures of a vital.
type hostFiles struct {
	meminfo, netstat int
	before, since    int64 // overflows before the watch began, and since
	buf              []byte
}

// newHostFiles opens the files; netstat is that of the shim's network namespace.
func newHostFiles(shim int) (*hostFiles, error) {
	h := &hostFiles{meminfo: -1, netstat: -1, buf: make([]byte, 16<<10)}
	var err error
	if h.meminfo, err = openRead("/proc/meminfo"); err != nil {
		return h, fmt.Errorf("/proc/meminfo: %w", err)
	}
	path := procfs.Path(shim, "net/netstat")
	if h.netstat, err = openRead(path); err != nil {
		return h, fmt.Errorf("%s: %w", path, err)
	}
	h.before = h.countOverflows()
	return h, nil
}

func (h *hostFiles) close() {
	closeFD(h.meminfo)
	closeFD(h.netstat)
}

// memAvailable is in bytes; 0 if it cannot be read.
func (h *hostFiles) memAvailable(buf []byte) int64 {
	b, err := readAt0(h.meminfo, buf)
	if err != nil {
		return 0
	}
	free, _ := procfs.Size(b, "MemAvailable")
	return free
}

// listenOverflows counts the connections that found a full listen queue since the watch
// began. It returns the last count unless anew is set: to answer, the kernel adds up
// hundreds of counters of every CPU, which takes 0.3 ms.
func (h *hostFiles) listenOverflows(anew bool) int64 {
	if anew {
		h.since = h.countOverflows() - h.before
	}
	return h.since
}

func (h *hostFiles) countOverflows() int64 {
	b, err := readAt0(h.netstat, h.buf)
	if err != nil {
		return h.before + h.since
	}
	return procfs.TCPExt(b, "ListenOverflows")
}
