// Package observe watches the process tree of a server from outside: births
// and deaths with their exit status, what the tree uses, whether a wedged
// thread is still there, and the receipts that the app under test writes.
//
// The tree is every descendant of one process, the shim, but not the shim
// itself. Where the shim is process 1 of a PID namespace, the server knows its
// processes by other numbers than the host does: everything reported carries
// the number that the server itself sees.
//
// It reads /proc, pidfds and socket diagnostics, so it works on Linux 5.3 or
// later; exit statuses of processes that their parent reaps at once need 6.15.
// Where the kernel's proc connector tells of forks, processes that live for a
// millisecond or two are noticed; where it does not, one that lives for less
// than the 40 ms between two looks can be missed. One that was reaped before it
// could be looked at is not reported: what the server calls it is not known then.
//
// For 50 processes and 5 vitals a second it takes some 1.1 % of a core, a third
// of which is the Go runtime waking up; summing PSS, where there is no cgroup to
// ask, adds a quarter of a percent. BenchmarkWatch measures both. Each process
// that is forked in the tree costs a further 0.1 ms, or thereabouts.
//
// It imports package bench only. No other package imports gopsutil.
package observe
