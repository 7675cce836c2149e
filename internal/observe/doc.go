// Package observe watches the process tree of a server from outside: births and deaths
// with their exit status, what the tree uses, whether a wedged thread still exists, and
// the receipts that the app under test writes.
//
// The tree is every descendant of one process, the shim, without the shim itself. If the
// shim is process 1 of a PID namespace, the server knows its processes by other pids
// than the host. All reports have the pids that the server sees.
//
// It reads /proc, pidfds and socket diagnostics, so it needs Linux 5.3 or later. Exit
// statuses of processes that their parent reaps at once need 6.15. If the kernel's proc
// connector reports forks, the observer notices processes that live for a millisecond or
// two; otherwise it can miss one that lives for less than the 40 ms between two looks. It
// does not report a process that was reaped before it could look at it, because it
// cannot learn which pid the server knew it by.
//
// For 50 processes and 5 vitals a second it takes about 1.1 % of a core, a third of it
// because the Go runtime wakes up. Adding up PSS, if no cgroup tells the memory, takes
// another quarter of a percent. BenchmarkWatch measures both. Each fork in the tree
// costs about 0.1 ms more.
//
// It imports only package bench. No other package imports gopsutil.
package observe
