package observe

import (
	"bytes"
	"fmt"
	"os"
)

// userHZ is the unit of /proc/stat: 1/100 s on every Linux that Go runs on.
const userHZ = 100

// HostCPU reads what all CPUs have done since the machine started, in CPU
// seconds: busy counts programs and what the hypervisor took (steal), idle
// also the waiting for disks (proc_stat(5)).
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
	return (user + nice + system + steal) / userHZ, (idled + iowait) / userHZ, nil
}
