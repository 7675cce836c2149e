package observe

import (
	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// readPath reads the beginning of a file into buf. Unlike os.ReadFile, it allocates
// nothing and does not use the poller.
func readPath(path string, buf []byte) ([]byte, error) {
	fd, err := openRead(path)
	if err != nil {
		return nil, err
	}
	defer closeFD(fd)
	return readAt0(fd, buf)
}

// openDir opens a folder so that files in it can be named relative to it; -1 = it could
// not.
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

// readAt0 reads an open file of /proc from its beginning. The kernel generates the
// content anew for each read.
func readAt0(fd int, buf []byte) ([]byte, error) {
	n, err := quickPread(fd, buf)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// innermostPID is the last number in the NSpid line of a status file: the pid or tid as
// the process itself sees it.
func innermostPID(path string, buf []byte) (int, bool) {
	b, err := readPath(path, buf)
	if err != nil {
		return 0, false
	}
	return procfs.InnermostPID(b)
}
