package procfs

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

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

// HostCPU is what all CPUs together have done since the machine started, in CPU seconds:
// busy includes programs and what the hypervisor took (steal), idle includes waiting for
// disks (proc_stat(5)).
func HostCPU() (busy, idle float64, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	var user, nice, system, idled, iowait, irq, softirq, steal float64
	if _, err := fmt.Sscanf(string(line), "cpu %g %g %g %g %g %g %g %g", &user, &nice, &system, &idled, &iowait, &irq, &softirq, &steal); err != nil {
		return 0, 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return (user + nice + system + steal) / UserHZ, (idled + iowait) / UserHZ, nil
}

// CPUModel is the first model name in /proc/cpuinfo; "" where the architecture has none.
func CPUModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	name, _ := Field(b, "model name\t")
	return string(name)
}

// LastPID is the last number in what stands in /proc/loadavg: the one that the kernel has
// assigned last to a process or thread; 0 where it does not tell.
func LastPID(loadavg []byte) int {
	b := bytes.TrimSpace(loadavg)
	return int(Number(b[bytes.LastIndexByte(b, ' ')+1:])) //nolint:gosec // a pid
}

// TCPExt finds a counter in what stands in /proc/net/netstat, which has a line of names and
// then a line of values. Both begin with "TcpExt:".
func TCPExt(netstat []byte, name string) int64 {
	names, rest, _ := bytes.Cut(netstat, []byte("\n"))
	values, _, _ := bytes.Cut(rest, []byte("\n"))
	for len(names) > 0 {
		var n, v []byte
		n, names, _ = bytes.Cut(names, []byte(" "))
		v, values, _ = bytes.Cut(values, []byte(" "))
		if string(n) == name {
			return int64(Number(v)) //nolint:gosec // a counter
		}
	}
	return 0
}

// Sysctl is the value of a setting of the kernel, such as "net/core/somaxconn", without the
// end of its line.
func Sysctl(name string) (string, error) {
	b, err := os.ReadFile(settings + name)
	return strings.TrimSpace(string(b)), err
}

const (
	settings    = "/proc/sys/"
	clientPorts = "net/ipv4/ip_local_port_range"

	// ClientPortsFile says which ports the kernel hands to clients.
	ClientPortsFile = settings + clientPorts
)

// ClientPorts are the first and the last port that the kernel hands to clients.
func ClientPorts() (low, high int, err error) {
	value, err := Sysctl(clientPorts)
	if err != nil {
		return 0, 0, err
	}
	if _, err := fmt.Sscan(value, &low, &high); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", ClientPortsFile, err)
	}
	return low, high, nil
}

// Mapped says whether the user or group with this id exists in the user namespace whose map
// this is, the text of uid_map or gid_map (user_namespaces(7)).
func Mapped(idMap string, id int) bool {
	for line := range strings.Lines(idMap) {
		var inside, outside, length int64
		if n, _ := fmt.Sscan(line, &inside, &outside, &length); n == 3 && int64(id) >= inside && int64(id) < inside+length {
			return true
		}
	}
	return false
}
