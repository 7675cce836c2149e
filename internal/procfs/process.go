package procfs

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Stat is what is used of /proc/PID/stat.
type Stat struct {
	Name    []byte // aliases the buffer that was parsed
	State   byte   // 'R', 'S', 'Z' …
	Parent  int
	Group   int // of processes
	Threads int
	Start   uint64 // ticks since boot; with the pid, the identity of a process
	Visible bool   // the kernel shows us Exit
	Exit    int    // wait status, of a zombie
}

// Gone says that no thread of the process runs any more. A leader that ended
// before its threads is a zombie too, but its process lives on.
func (s *Stat) Gone() bool {
	return (s.State == 'Z' || s.State == 'X') && s.Threads <= 1
}

// ReadStat reads a process's stat. It fails when there is no such process.
func ReadStat(pid int) (Stat, error) {
	b, err := os.ReadFile(Path(pid, "stat"))
	if err != nil {
		return Stat{}, err
	}
	s, ok := ParseStat(b)
	if !ok {
		return Stat{}, &os.PathError{Op: "parse", Path: Path(pid, "stat"), Err: unix.EBADMSG}
	}
	return s, nil
}

// ParseStat reads the line of a stat file. The name stands in parentheses and may
// hold anything, parentheses too.
func ParseStat(b []byte) (s Stat, ok bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open || end+2 >= len(b) {
		return s, false
	}
	s.Name = b[open+1 : end]
	rest := b[end+2:]
	for field := 3; len(rest) > 0; field++ { // numbered as in proc(5)
		var word []byte
		word, rest, _ = bytes.Cut(rest, []byte(" "))
		n := Number(word)
		switch field {
		case 3:
			if len(word) == 0 {
				return s, false
			}
			s.State = word[0]
		case 4:
			s.Parent = int(n) //nolint:gosec // a pid
		case 5:
			s.Group = int(n) //nolint:gosec // a pid
		case 20:
			s.Threads = int(n) //nolint:gosec // a number of threads
		case 22:
			s.Start = n
		case 26:
			// The start of the code is shown as 1 to who may not see it; the
			// same right decides whether Exit is shown.
			s.Visible = n > 1
		case 52:
			s.Exit = int(n) //nolint:gosec // 16 bits
			return s, true
		}
	}
	return s, false
}

// Descriptors lists the open descriptors of a process. It fails when the process is gone,
// or where this user may not look into it.
func Descriptors(pid int) ([]int, error) { return numbers(Path(pid, "fd")) }

// Words are those of a process's cmdline or environ, which end in NUL. It fails like
// Descriptors.
func Words(pid int, file string) ([]string, error) {
	b, err := os.ReadFile(Path(pid, file))
	return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00"), err
}

// Children lists the direct children of a process, zombies included. It reads the kernel's
// own lists or, if the kernel has none, all of /proc.
func Children(pid int) ([]int, error) {
	threads, _ := numbers(Path(pid, "task")) // none: it is gone
	var children []int
	listed := false
	for _, tid := range threads {
		b, err := os.ReadFile(Path(pid, "task/"+strconv.Itoa(tid)+"/children"))
		if err != nil {
			continue // this thread has ended
		}
		listed = true
		for word := range bytes.FieldsSeq(b) {
			children = append(children, int(Number(word))) //nolint:gosec // a pid
		}
	}
	if listed {
		return children, nil
	}
	all, err := PIDs()
	for _, child := range all {
		if s, err := ReadStat(child); err == nil && s.Parent == pid {
			children = append(children, child)
		}
	}
	return children, err
}

// Memory is a size of a process's memory by its name in /proc/PID/status: VmRSS
// what is resident, VmHWM the most that was so far; in bytes. It fails when the
// process is gone, also where it is not yet buried.
func Memory(pid int, name string) (bytes int64, err error) {
	status, err := os.ReadFile(Path(pid, "status"))
	if err != nil {
		return 0, err
	}
	bytes, ok := Size(status, name)
	if !ok {
		return 0, fmt.Errorf("no %s: process %d is gone", name, pid)
	}
	return bytes, nil
}

// InnermostPID reads the last number of the NSpid line of a status file: the pid
// or tid as the process itself sees it. A kernel without namespaces has no such
// line.
func InnermostPID(status []byte) (pid int, ok bool) {
	value, ok := Field(status, "NSpid")
	if !ok {
		return 0, false
	}
	pid = int(Number(value[bytes.LastIndexAny(value, " \t")+1:])) //nolint:gosec // a pid
	return pid, pid > 0
}
