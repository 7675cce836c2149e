package launch

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

const (
	portLow   = 20000
	portHigh  = 32768 // ephemeral ports begin here by default
	portTries = 200
)

// Port is a TCP port on 127.0.0.1 that this benchrun holds for a server. No other
// benchrun on this machine gets it until Release, or until this process ends.
type Port struct {
	Number int
	hold   *os.File
}

// Release makes the port available to others. It may be called twice, and on nil.
func (p *Port) Release() {
	if p != nil && p.hold != nil {
		_ = p.hold.Close()
		p.hold = nil
	}
}

// PickPort finds a TCP port on 127.0.0.1 that nothing uses and no other benchrun holds.
// It lies below the ports that the kernel gives to clients, so the run's own
// connections cannot take it before the server does. Another program still can, see
// Listener; so the server must prove by its token that it is the one that answers.
// After 200 tries it returns a bench.EnvironmentError.
func PickPort() (*Port, error) {
	high := portHigh
	if low, _, err := procfs.ClientPorts(); err == nil {
		high = min(high, low)
	}
	if high <= portLow {
		return nil, &bench.EnvironmentError{
			Problem: fmt.Sprintf("no ports between %d and the ephemeral range at %d", portLow, high),
			Hint:    "raise the first number in " + procfs.ClientPortsFile,
		}
	}
	return pickBetween(portLow, high)
}

func pickBetween(low, high int) (*Port, error) {
	for range portTries {
		number := low + rand.IntN(high-low)
		hold, err := holdPort(number)
		if errors.Is(err, unix.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, &bench.EnvironmentError{Problem: fmt.Sprintf("cannot hold port %d", number), Err: err}
		}
		p := &Port{Number: number, hold: hold}
		if bindable(number, false) {
			return p, nil
		}
		p.Release()
	}
	return nil, &bench.EnvironmentError{
		Problem: fmt.Sprintf("no free port in %d tries between %d and %d", portTries, low, high-1),
	}
}

const anotherPort = "choose another --port, or leave it out and benchrun picks a free one"

// CheckPort returns a bench.EnvironmentError that says why a server cannot listen on
// 127.0.0.1:port, which the user chose; nil if it can now.
func CheckPort(port int) error {
	if first := firstOpenPort(); port < first {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("a server may not listen on port %d: only root may use ports below %d", port, first),
			Hint:    fmt.Sprintf("choose a --port from %d on, or leave it out and benchrun picks a free one", first),
		}
	}
	err := bind(port, true)
	if errors.Is(err, unix.EADDRINUSE) {
		by := ""
		if who := listener(port); who != "" {
			by = " by " + who
		}
		return &bench.EnvironmentError{Problem: fmt.Sprintf("port %d is taken%s", port, by), Hint: anotherPort}
	}
	if err != nil {
		return &bench.EnvironmentError{Problem: fmt.Sprintf("cannot listen on port %d", port), Err: err, Hint: anotherPort}
	}
	return nil
}

// firstOpenPort is the lowest port that needs no privilege. Servers have no
// privileges: they run as an ordinary user, and no program file can give them any.
func firstOpenPort() int {
	value, err := procfs.Sysctl("net/ipv4/ip_unprivileged_port_start")
	if n, errN := strconv.Atoi(value); err == nil && errN == nil {
		return n
	}
	return 1024
}

// HoldPort holds a port that the user has chosen. It returns a bench.EnvironmentError
// if another benchrun holds it, or if a server could not listen on it.
func HoldPort(number int) (*Port, error) {
	hold, err := holdPort(number)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, &bench.EnvironmentError{Problem: fmt.Sprintf("port %d is taken by another benchrun", number), Hint: anotherPort}
	}
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: fmt.Sprintf("cannot hold port %d", number), Err: err}
	}
	p := &Port{Number: number, hold: hold}
	if err := CheckPort(number); err != nil {
		p.Release()
		return nil, err
	}
	return p, nil
}

// holdPort binds an abstract Unix socket whose name stands for the port. Such names
// are like ports: the network namespace has one set of them for all users, and the
// kernel frees a name when its process ends. EADDRINUSE means that another process
// has it.
func holdPort(number int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("@benchrun/port/%d", number)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil //nolint:gosec // a descriptor
}

// Listener names the process that accepts connections on 127.0.0.1:port; "" if none
// does. If the server that should listen there has ended, this is another program:
// the server's own connections in TIME_WAIT or the like accept nothing.
func Listener(port int) string {
	c, err := net.DialTimeout("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
	if err == nil {
		_ = c.Close()
	} else if !os.IsTimeout(err) { // a timeout means that its queue is full
		return ""
	}
	return cmp.Or(listener(port), "another program")
}

// PortFree says whether a server could bind 127.0.0.1:port now, with SO_REUSEADDR as
// servers do, so connections in TIME_WAIT do not count. It never listens, so no client
// can reach it.
func PortFree(port int) bool { return bindable(port, true) }

// bindable binds the port and closes it again. Without reuse it also fails for a port
// with any connection, even one in TIME_WAIT.
func bindable(port int, reuse bool) bool { return bind(port, reuse) == nil }

func bind(port int, reuse bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	if reuse {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
}
