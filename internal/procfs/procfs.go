// Package procfs reads what Linux tells in /proc, see proc(5), and is the only one that
// knows the formats: who supervises processes and who observes them read the same
// files for different ends, and how often is their business.
//
// Functions that take bytes parse what the caller has read, and allocate nothing.
package procfs

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// UserHZ is the unit of times in /proc: ticks a second, on every architecture
// that Go knows.
const UserHZ = 100

// Self stands for the calling process where a pid is wanted, also in a PID namespace to
// which /proc does not belong.
const Self = 0

// Path is /proc/PID/name.
func Path(pid int, name string) string {
	if pid == Self {
		return "/proc/self/" + name
	}
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

// numbers lists the entries of a folder of /proc whose names are numbers.
func numbers(folder string) ([]int, error) {
	d, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // read only
	var all []int
	err = EachNumber(int(d.Fd()), make([]byte, 32<<10), func(n int) { all = append(all, n) }) //nolint:gosec // a descriptor
	return all, err
}

// PIDs lists all processes.
func PIDs() ([]int, error) { return numbers("/proc") }
