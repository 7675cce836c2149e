package launch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

const (
	portLow     = 20000
	portHigh    = 32768 // where ephemeral ports begin by default
	portTries   = 200
	ephemeralAt = "/proc/sys/net/ipv4/ip_local_port_range"
)

// PickPort finds a TCP port on 127.0.0.1 that nothing uses, below the ports
// that the kernel hands to clients: the run's own connections cannot take it
// before the server does. Another process still can, so the server's identity
// has to be proved by its token. It fails (environment) after 200 tries.
func PickPort() (int, error) {
	high := portHigh
	if b, err := os.ReadFile(ephemeralAt); err == nil {
		if f := strings.Fields(string(b)); len(f) == 2 {
			if low, err := strconv.Atoi(f[0]); err == nil {
				high = min(high, low)
			}
		}
	}
	if high <= portLow {
		return 0, &bench.EnvironmentError{
			Problem: fmt.Sprintf("no ports between %d and the ephemeral range at %d", portLow, high),
			Hint:    "raise the first number in " + ephemeralAt,
		}
	}
	for range portTries {
		port := portLow + rand.IntN(high-portLow)
		if bindable(port, false) {
			return port, nil
		}
	}
	return 0, &bench.EnvironmentError{
		Problem: fmt.Sprintf("no free port in %d tries between %d and %d", portTries, portLow, high-1),
	}
}

// CheckPort says why a server cannot listen on 127.0.0.1:port, which the user
// chose, as an environment error; nil when it can now.
func CheckPort(port int) error {
	const another = "choose another --port, or leave it out and benchrun picks a free one"
	if first := firstOpenPort(); port < first {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("port %d needs a privilege that no server is given here: those below %d are for root alone", port, first),
			Hint:    fmt.Sprintf("choose a --port from %d on, or leave it out and benchrun picks a free one", first),
		}
	}
	err := bind(port, true)
	if errors.Is(err, unix.EADDRINUSE) {
		by := ""
		if who := listener(port); who != "" {
			by = " by " + who
		}
		return &bench.EnvironmentError{Problem: fmt.Sprintf("port %d is taken%s", port, by), Hint: another}
	}
	if err != nil {
		return &bench.EnvironmentError{Problem: fmt.Sprintf("port %d cannot be listened on", port), Err: err, Hint: another}
	}
	return nil
}

// firstOpenPort is the first port that takes no privilege. Servers have none:
// they run as an ordinary user, and no program file can give them any.
func firstOpenPort() int {
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			return n
		}
	}
	return 1024
}

// PortFree says whether a server could bind 127.0.0.1:port now, the way that
// servers do: with SO_REUSEADDR, so that connections in TIME_WAIT do not count.
// It never listens, so no client can reach it meanwhile.
func PortFree(port int) bool { return bindable(port, true) }

// bindable binds and lets go. Without reuse it is the strict question: no
// listener, no connection, not even one in TIME_WAIT.
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
