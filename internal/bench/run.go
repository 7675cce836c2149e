package bench

// RunSchema names the format of run.json.
const RunSchema = "benchrun.run/v1"

// Run is the whole of run.json: enough for reports, gates and comparisons.
type Run struct {
	Schema      string      `json:"schema"`
	ID          string      `json:"id"`
	StartedAt   string      `json:"started_at"`  // RFC 3339
	FinishedAt  string      `json:"finished_at"` // RFC 3339
	Benchrun    string      `json:"benchrun"`    // version
	Args        []string    `json:"args"`
	Mode        Mode        `json:"mode"`
	Seed        uint64      `json:"seed"`
	Interrupted bool        `json:"interrupted"`
	Environment Environment `json:"environment"`
	Cells       []Cell      `json:"cells"`
}

// Environment says what a run was measured on. Results of different testbeds
// are never averaged.
type Environment struct {
	Testbed     string  `json:"testbed"` // short hash of machine, kernel, CPUs and memory
	Hostname    string  `json:"hostname"`
	OS          string  `json:"os"`
	Kernel      string  `json:"kernel"`
	CPUModel    string  `json:"cpu_model"`
	CPUs        int     `json:"cpus"`
	MemoryBytes int64   `json:"memory_bytes"`
	Load1       float64 `json:"load1"` // load average when the run began
	Somaxconn   int     `json:"somaxconn"`
	Python      string  `json:"python,omitempty"`
	Supervision string  `json:"supervision"`
	Limits      Limits  `json:"limits"`
}
