package bench

// Measure is one figure. A nil Value with Censored "" means that nothing was
// there to measure; Censored ">" means that the true value is above Value.
type Measure struct {
	Value    *float64 `json:"value"`
	Unit     string   `json:"unit"`
	N        int      `json:"n"`        // how many observations stand behind it
	Better   Better   `json:"better"`   // direction
	Censored string   `json:"censored"` // "" or ">"
}

// Better is the direction in which a measure improves.
type Better string

// The directions.
const (
	Higher  Better = "higher"
	Lower   Better = "lower"
	Neither Better = "neither"
)

// Measures maps a measure's name to its figure.
type Measures map[string]Measure

// Set stores a value. It panics on a name that MeasureTable does not list:
// a programming error.
func (m Measures) Set(name string, value float64, n int) { m.put(name, &value, n, "") }

// SetCensored stores a lower bound.
func (m Measures) SetCensored(name string, bound float64, n int) { m.put(name, &bound, n, ">") }

// SetNone stores that there was nothing to measure.
func (m Measures) SetNone(name string) { m.put(name, nil, 0, "") }

func (m Measures) put(name string, v *float64, n int, censored string) {
	spec, ok := MeasureByName(name)
	if !ok {
		panic("bench: unknown measure " + name)
	}
	m[name] = Measure{Value: v, Unit: spec.Unit, N: n, Better: spec.Better, Censored: censored}
}

// MeasureSpec describes a measure.
type MeasureSpec struct {
	Name   string
	Unit   string
	Better Better
	Text   string
}

// MeasureTable lists every measure, in the order in which they are reported.
var MeasureTable = []MeasureSpec{
	{"h", "%", Higher, "victims that got a correct answer in time, of those scheduled in valid seconds of the fault phase"},
	{"baseline_h", "%", Higher, "the same before any fault"},
	{"retention", "%", Higher, "h as a share of baseline_h"},
	{"availability", "%", Higher, "valid seconds of the fault phase in which at least 95 % of victims were served"},
	{"blast_radius", "victims/fault", Lower, "victims lost for each delivered fault, beyond the baseline's losses"},
	{"faults_delivered", "faults", Neither, "faults of the fault phase that are proved to have been delivered"},
	{"faults_scheduled", "faults", Neither, "faults that were due in the fault phase"},
	{"aged_slots", "slots", Neither, "slots taken before the fault phase to stand for an hour of the fault"},
	{"slots", "requests", Neither, "requests held at once, measured before the first attempt"},
	{"watchdog", "s", Neither, "time until a wedged request's thread or process was gone, measured before the first attempt"},
	{"reclaimed", "%", Higher, "wedged requests whose slot became free again, of those old enough to tell"},
	{"time_to_reclaim", "s", Lower, "median time from a wedge's receipt until its slot was free again"},
	{"time_to_collapse", "s", Higher, "time from the first fault to the first of two seconds in which fewer than half of the victims were served, at the scenario's ratio"},
	{"faults_to_collapse", "faults", Higher, "faults that had reached the app by then, ageing included"},
	{"time_to_recover", "s", Lower, "time from the last fault until victims have been served for 2 s without a loss"},
	{"knee", "requests/s", Higher, "highest rate of a rising load at which nine of ten of its requests got a correct answer in time"},
	{"goodput_best", "requests/s", Higher, "correct answers in time to requests of that load, in the best second"},
	{"goodput_top", "requests/s", Higher, "the same in the second with the highest load"},
	{"queueing", "s", Lower, "time from when a request of that load was due until the app began it, 99th percentile"},
	{"stale_work", "%", Lower, "requests of that load that the app began after their clients had given up, of those that it began"},
	{"longest_outage", "s", Lower, "longest time in the fault phase without a served victim"},
	{"latency_p50", "ms", Lower, "of victims that got an answer, from their intended send"},
	{"latency_p99", "ms", Lower, "of victims that got an answer, from their intended send"},
	{"latency_max", "ms", Lower, "of victims that got an answer, from their intended send"},
	{"lost_late", "victims", Lower, "a correct answer, but after the SLO"},
	{"lost_timeout", "victims", Lower, "no complete answer by the timeout"},
	{"lost_http_5xx", "victims", Lower, "a 5xx answer"},
	{"lost_http_other", "victims", Lower, "an answer that is neither 2xx nor 5xx"},
	{"lost_refused", "victims", Lower, "no connection"},
	{"lost_reset", "victims", Lower, "connection reset before the head was complete"},
	{"lost_truncated", "victims", Lower, "body or framing broke off"},
	{"lost_wrong", "victims", Lower, "another request's nonce, or a corrupt body"},
	{"worker_deaths", "processes", Neither, "processes that had served requests and died between baseline and shutdown"},
	{"worker_births", "processes", Neither, "processes that began to serve requests after the first fault"},
	{"live_workers_min", "processes", Higher, "lowest number of processes alive at once that had served requests or were about to"},
	{"time_to_replace", "s", Lower, "longest time from a signal until the workers that it is to replace, all or one, were gone and as many new ones were there"},
	{"memory_peak", "MiB", Lower, "peak memory of the process tree"},
	{"memory_growth", "MiB", Lower, "memory at the end of recovery minus that at the end of the baseline"},
	{"memory_kept", "%", Lower, "memory_growth as a share of what the faults leaked, or of the room under the memory cap if that is less"},
	{"leak_kept", "%", Lower, "descriptors, threads or processes that the faults left behind and that are still there at the end of recovery, as a share of all of them, or of the room under the limit if that is less"},
	{"memory_slope", "MiB/min", Lower, "least-squares slope of memory over the fault phase"},
	{"fds_peak", "fds", Lower, "peak open file descriptors of the process tree"},
	{"threads_peak", "threads", Lower, "peak threads of the process tree"},
	{"memory_per_fault", "MiB", Lower, "memory that stays with each fault, where nothing of it may stay"},
	{"fds_per_fault", "fds", Lower, "open file descriptors that stay with each fault, where nothing of it may stay"},
	{"threads_per_fault", "threads", Lower, "threads that stay with each fault, where nothing of it may stay"},
	{"close_wait_per_fault", "sockets", Lower, "sockets in CLOSE_WAIT that stay with each fault, where nothing of it may stay"},
	{"files_per_fault", "files", Lower, "files in the server's folders that stay with each fault, where nothing of it may stay"},
	{"cpus_kept", "CPUs", Lower, "CPUs that the process tree uses at the end of recovery beyond those before any fault, where nothing of the fault may stay"},
	{"zombies_peak", "processes", Lower, "peak zombies in the process tree"},
	{"close_wait_peak", "sockets", Lower, "peak of the server's sockets in CLOSE_WAIT"},
	{"cpu_per_1000_ok", "s", Lower, "CPU seconds of the process tree per 1,000 victims served"},
	{"boot_time", "s", Lower, "time from launch until every expected worker had answered"},
	{"stop_time", "s", Lower, "time from SIGTERM until the server was gone"},
	{"stop_code", "", Neither, "exit code after SIGTERM; 128 + n for signal n"},
	{"survivors", "processes", Lower, "processes left behind when the server was gone"},
	{"port_freed", "", Higher, "1 when the port could be bound again"},
	{"needed_sigkill", "", Lower, "1 when SIGTERM was not enough within the window"},
	{"idle_stop_time", "s", Lower, "time from SIGTERM until a server that nobody asks anything was gone"},
	{"inflight_lost", "victims", Lower, "sent 0.1 s or more before the stop signal, without a correct answer"},
	{"queued_lost", "victims", Lower, "sent later than that or in the queue at the signal, connected, and not answered correctly, resets of victims aside"},
	{"backlog_reset", "victims", Lower, "sent later than that, connected, and reset"},
	{"time_to_serve_again", "s", Lower, "time from the second start of the server until it answered steadily"},
	{"dark_time", "s", Lower, "longest time without a correct answer to a victim since the server's first process was killed under a supervisor"},
	{"supervisor_starts", "starts", Lower, "how often the supervisor started the server after that, or with an app that could not be loaded for 10 s"},
	{"orphans_left", "processes", Lower, "of the first start, still there when the supervisor's second start served or was given up"},
	{"boot_attempts", "processes", Lower, "processes that were started while the app could not be loaded"},
	{"boot_cpu", "s", Lower, "CPU time that the server used meanwhile"},
	{"boot_log", "MiB", Lower, "what the server wrote to its log meanwhile"},
	{"start_attempts", "processes", Lower, "processes that a start with such an app brought about, until it ended or for 10 s"},
	{"start_cpu", "s", Lower, "CPU time of that start"},
	{"start_log", "MiB", Lower, "what that start wrote to the log"},
	{"provokers_completed", "requests", Neither, "misbehaving requests that got an answer"},
	{"provokers_cut", "requests", Neither, "misbehaving requests that the server cut off"},
	{"provokers_refused", "requests", Neither, "misbehaving requests that got no connection"},
	{"idle_timeout", "s", Neither, "median time for which the server kept an idle connection before it closed it"},
	{"reused", "requests", Neither, "requests sent on a kept connection when its idle timeout ended, give or take a moment"},
	{"reused_late", "requests", Neither, "of these, met a connection that the server had closed or was closing: the app never began them"},
	{"reused_cut", "requests", Lower, "of these, begun by the app and left without a correct answer"},
	{"honest_lost", "requests", Lower, "honest requests of the fault that got no correct answer, if the family counts them"},
	{"lateness_p99", "ms", Lower, "generator: actual minus intended send"},
	{"control_misses", "requests", Lower, "control requests that missed their SLO: the host stalled"},
	{"valid_seconds", "s", Higher, "seconds of the fault phase that count"},
}

// LeftMeasures say what a server leaves behind when it is asked to end. They have no value
// if benchrun did not wait longer than the documented grace (FlagWindowLimited).
var LeftMeasures = []string{"survivors", "port_freed", "needed_sigkill"}

// MeasureByName finds a measure's description.
func MeasureByName(name string) (MeasureSpec, bool) {
	for _, s := range MeasureTable {
		if s.Name == name {
			return s, true
		}
	}
	return MeasureSpec{}, false
}
