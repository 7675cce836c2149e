// Package procfs reads what Linux tells in /proc, see proc(5). It knows the
// formats alone: who supervises processes and who observes them read the same
// files for different ends, and how often is their business.
//
// Functions that take bytes parse what the caller has read, and allocate nothing.
package procfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// UserHZ is the unit of times in /proc: ticks a second, on every architecture
// that Go knows.
const UserHZ = 100

// Path is /proc/PID/name.
func Path(pid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/" + name
}

// Number reads leading decimal digits. A sign or anything else gives 0.
func Number(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// Field is the value of a line "name: value", as status, meminfo and
// smaps_rollup have them.
func Field(text []byte, name string) (value []byte, ok bool) {
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) > len(name) && line[len(name)] == ':' && string(line[:len(name)]) == name {
			return bytes.TrimSpace(line[len(name)+1:]), true
		}
	}
	return nil, false
}

// Size is the value of a line "name: N kB", in bytes.
func Size(text []byte, name string) (bytes int64, ok bool) {
	value, ok := Field(text, name)
	return int64(Number(value)) << 10, ok //nolint:gosec // sizes of memory
}

// MemAvailable is how much memory the host can still give to programs without
// swapping, in bytes; 0 where the kernel does not tell.
func MemAvailable() (int64, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	free, _ := Size(b, "MemAvailable")
	return free, nil
}

// ClientPortsFile says which ports the kernel hands to clients.
const ClientPortsFile = "/proc/sys/net/ipv4/ip_local_port_range"

// ClientPorts are the first and the last port that the kernel hands to clients.
func ClientPorts() (low, high int, err error) {
	b, err := os.ReadFile(ClientPortsFile)
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscan(string(b), &low, &high); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", ClientPortsFile, err)
	}
	return low, high, nil
}

// EachNumber calls f for every entry of an open folder of /proc whose name is a
// number, from its beginning: processes, threads or descriptors. It neither sorts
// nor allocates, which os.ReadDir does.
func EachNumber(fd int, buf []byte, f func(int)) error {
	if _, err := unix.Seek(fd, 0, unix.SEEK_SET); err != nil {
		return err
	}
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err != nil || n <= 0 {
			return err
		}
		// struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name.
		for b := buf[:n]; len(b) > 19; {
			size := int(binary.NativeEndian.Uint16(b[16:]))
			if size < 20 || size > len(b) {
				return unix.EBADMSG
			}
			if name := b[19:size]; name[0] >= '0' && name[0] <= '9' {
				f(int(Number(name))) //nolint:gosec // a pid, tid or descriptor
			}
			b = b[size:]
		}
	}
}

// PIDs lists all processes.
func PIDs() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // read only
	var pids []int
	err = EachNumber(int(d.Fd()), make([]byte, 32<<10), func(pid int) { pids = append(pids, pid) }) //nolint:gosec // a descriptor
	return pids, err
}
