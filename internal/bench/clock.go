package bench

import (
	"syscall"
	"time"
	"unsafe"
)

// Clock is the one time base of an attempt. Harness, observer and the app
// under test (through its receipts) all stamp with CLOCK_MONOTONIC; Clock
// turns those stamps into nanoseconds since the attempt's origin.
type Clock struct {
	origin     time.Time
	originMono int64
}

// NewClock starts a clock whose origin is now.
func NewClock() Clock {
	return Clock{origin: time.Now(), originMono: monotonic()}
}

// Now is the number of nanoseconds since the origin.
func (c Clock) Now() int64 { return int64(time.Since(c.origin)) }

// At turns an offset in nanoseconds since the origin into a time.Time that
// carries a monotonic reading, for timers and deadlines.
func (c Clock) At(ns int64) time.Time { return c.origin.Add(time.Duration(ns)) }

// Origin is the wall-clock time of the origin.
func (c Clock) Origin() time.Time { return c.origin }

// FromMonotonic turns a raw CLOCK_MONOTONIC reading in nanoseconds, such as
// Python's time.monotonic_ns(), into nanoseconds since the origin.
func (c Clock) FromMonotonic(ns int64) int64 { return ns - c.originMono }

// monotonic reads CLOCK_MONOTONIC (clock_gettime(2), clock id 1) in
// nanoseconds. The call cannot fail for this clock id.
func monotonic() int64 {
	var ts syscall.Timespec
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

// Monotonic is the raw CLOCK_MONOTONIC reading in nanoseconds, for processes
// that stamp receipts without knowing an origin.
func Monotonic() int64 { return monotonic() }
