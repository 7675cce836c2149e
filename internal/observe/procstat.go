package observe

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"golang.org/x/sys/unix"
)

// procStat is what is used of /proc/PID/stat, see proc(5).
type procStat struct {
	name    []byte // aliases the buffer that was parsed
	state   byte
	ppid    int
	threads int
	start   uint64 // with the pid, the identity of a process
	visible bool   // the kernel shows us exit
	exit    int    // wait status, of a zombie
}

// gone says that no thread of the process runs any more. A leader that ended
// before its threads is a zombie too, but its process lives on.
func (s *procStat) gone() bool {
	return (s.state == 'Z' || s.state == 'X') && s.threads <= 1
}

// parseStat reads one line of /proc/PID/stat without allocating. The name
// stands in parentheses and may contain anything, parentheses too.
func parseStat(b []byte) (s procStat, ok bool) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open || end+2 >= len(b) {
		return s, false
	}
	s.name = b[open+1 : end]
	rest := b[end+2:]
	field := 3 // numbered as in proc(5)
	for len(rest) > 0 {
		word := rest
		if i := bytes.IndexByte(rest, ' '); i >= 0 {
			word, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		switch field {
		case 3:
			s.state = word[0]
		case 4:
			s.ppid = int(number(word))
		case 20:
			s.threads = int(number(word))
		case 22:
			s.start = number(word)
		case 26:
			// The start of the code is shown as 1 to who may not see it; the
			// same right decides whether exit is shown.
			s.visible = number(word) > 1
		case 52:
			s.exit = int(number(word))
			return s, true
		}
		field++
	}
	return s, false
}

// number reads leading decimal digits; a sign or anything else gives 0.
func number(b []byte) (n uint64) {
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// readPath reads the beginning of a file into buf. os.ReadFile would allocate
// and poll.
func readPath(path string, buf []byte) ([]byte, error) {
	fd, err := openRead(path)
	if err != nil {
		return nil, err
	}
	defer closeFD(fd)
	return readAt0(fd, buf)
}

// openDir opens a folder by which to name what is in it, or gives -1.
func openDir(path string) int {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

func openRead(path string) (int, error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// readAt0 reads a file of /proc from its beginning; a file that stays open is
// generated afresh each time.
func readAt0(fd int, buf []byte) ([]byte, error) {
	n, err := quickPread(fd, buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// procPath is /proc/PID/name.
func procPath(pid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/" + name
}

// innermostPID reads the last number of the NSpid line of a status file: the
// pid or tid as the process itself sees it.
func innermostPID(path string, buf []byte) (int, bool) {
	b, err := readPath(path, buf)
	if err != nil {
		return 0, false
	}
	_, after, found := bytes.Cut(b, []byte("\nNSpid:"))
	if !found {
		return 0, false
	}
	line, _, _ := bytes.Cut(after, []byte("\n"))
	words := bytes.Fields(line)
	if len(words) == 0 {
		return 0, false
	}
	n := int(number(words[len(words)-1]))
	return n, n > 0
}

// eachNumber calls f for every entry of an open /proc directory whose name is
// a number, from its beginning. It neither sorts nor allocates, which
// os.ReadDir does.
func eachNumber(fd int, buf []byte, f func(int)) error {
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
				f(int(number(name)))
			}
			b = b[size:]
		}
	}
}
