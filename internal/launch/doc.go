// Package launch starts a server under test, confines it, ends it and proves
// that nothing of it is left.
//
// Three processes take part. benchrun calls Start, which re-executes its own
// binary as a supervisor ("the shim", entry point Supervise). The shim forks
// the exec stage (the same binary again), which joins the cgroups, sets the
// limits, drops to the unprivileged user and becomes the server: the leader.
//
//	benchrun ──control pipe──▶ shim ──fork──▶ exec stage ═exec═▶ leader ─▶ …
//	         ◀──status pipe───
//
// The shim itself stays outside the cgroups: a server that uses up its CPU quota or
// its pids must not block the process that has to end it. Whatever the server forks,
// and however often it daemonizes, its processes stay below the shim: by a PID
// namespace, or by PR_SET_CHILD_SUBREAPER (see Level). When benchrun dies in any way,
// the control pipe closes and the shim ends everything.
//
// If the shim has namespaces, it also gives the server its own IPC and its own copies
// of the shared places (/tmp, /dev/shm and the like), and makes the rest read-only.
// Otherwise benchrun reports what the server leaves there. See private.go and left.go.
//
// If both die, Sweep finds what is left when benchrun starts next.
//
// Needs Linux 5.4 (pidfd). Imports internal/bench only.
package launch
