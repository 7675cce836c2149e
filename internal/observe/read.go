package observe

import (
	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

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

// innermostPID reads the last number of the NSpid line of a status file: the
// pid or tid as the process itself sees it.
func innermostPID(path string, buf []byte) (int, bool) {
	b, err := readPath(path, buf)
	if err != nil {
		return 0, false
	}
	return procfs.InnermostPID(b)
}
