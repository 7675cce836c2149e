package bench

// DoubtSpec describes a cause of doubt.
type DoubtSpec struct {
	Name string // as in Doubt.Cause
	Text string // what happened, without a full stop
}

// Causes of doubt that are seen in a second without idle CPU.
const (
	DoubtHostBusy = "host-busy" // other programs had their share of it
	DoubtCompany  = "company"   // other cells of the same run had
)

// DoubtMemoryCap is the cause of the doubt where benchrun ended the target above
// its memory cap, because no memory cgroup could.
const DoubtMemoryCap = "memory-cap"

// DoubtTable lists the causes of doubt. A doubt is about the seconds from one
// moment to another, which do not count then; one without moments is about the
// whole record, which is invalid.
var DoubtTable = []DoubtSpec{
	{DoubtHostBusy, "other programs used more than a quarter of a CPU in a second in which no CPU was idle: the server may have got less than its share"},
	{DoubtCompany, "other cells of the same run used more than a quarter of a CPU in a second in which no CPU was idle: the server may have got less than its share, so the cell was made again alone if that spoiled it. --verbose and report.html say how many cells ran beside each attempt"},
	{"host-memory", "the machine was about to run out of memory, so benchrun ended the server"},
	{"host-disk", "the machine's disk was about to be full, so benchrun ended the server"},
	{"log-flood", "the server's log exceeded its limit and could not be truncated, so benchrun ended the server"},
	{DoubtMemoryCap, "the server exceeded its memory limit, and benchrun itself ended it, because no memory cgroup limits it on this machine"},
	{"control-dead", "the control server ended, so benchrun can no longer distinguish a stalled host from a stalled server"},
	{"control-load", "benchrun could not send requests to the control server"},
	{"generator", "the load generator broke"},
	{"observer-gap", "the observer looked at the processes too late"},
	{"receipts-unreadable", "benchrun could not read what the app wrote about its faults"},
	{"supervisor", "the supervisor of the server's processes could not report how they ended"},
	{"stop-command", "the command failed by which the target's own supervisor is asked to end"},
	{"restart", "benchrun could not start the server's command a second time"},
	{"not-given-back", "benchrun could not give back what it had taken away from the server"},
	{"database", "the database beside the server ended by itself, or benchrun could not do to it what the fault is"},
	{"interrupted", "the attempt was interrupted, by a person or because time was up"},
}
