package bench

import (
	"bytes"
	"encoding/json"
	"io"
)

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
	Resumed     []string    `json:"resumed,omitempty"` // RFC 3339: when the run was taken up again
	Asked       *Asked      `json:"asked,omitempty"`   // nil: the run cannot be resumed
	Environment Environment `json:"environment"`
	Merged      []Origin    `json:"merged,omitempty"` // the runs that it was made from; nil: it was measured as one
	Cells       []Cell      `json:"cells"`
}

// Asked is what a run was asked for beyond mode and seed: what it takes to go
// on with it.
type Asked struct {
	Attempts    int               `json:"attempts"` // k
	Python      string            `json:"python,omitempty"`
	ServerFiles []string          `json:"server_files,omitempty"` // absolute paths
	ServerCmd   []string          `json:"server_cmd,omitempty"`   // the words of --server-cmd, the program's path absolute
	AppKind     string            `json:"app_kind,omitempty"`     // of that server
	Args        []string          `json:"args,omitempty"`         // the words of --args
	Servers     map[string]string `json:"servers"`                // a server's name to the digest of its file's content
	Cells       []AskedCell       `json:"cells"`                  // in the order in which they are measured
	Ladder      bool              `json:"ladder,omitempty"`       // the run is a ladder, which measures only some of them
}

// AskedCell is one cell of a selection.
type AskedCell struct {
	Server    string `json:"server"`
	Version   string `json:"version,omitempty"`   // as it was asked for; "" = the server file's own
	Resolved  string `json:"resolved,omitempty"`  // the release that Version stands for, if that is no release
	Unasked   string `json:"unasked,omitempty"`   // as in Source
	Installed string `json:"installed,omitempty"` // as it was measured; "" = not installed yet
	Profile   string `json:"profile"`
	Scenario  string `json:"scenario"`
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
	PostgreSQL  string  `json:"postgresql,omitempty"` // version of the database beside the servers
	Supervision string  `json:"supervision"`
	Limits      Limits  `json:"limits"`
	// Mixed says, of a run that was made from runs that were not measured alike,
	// which of them has what. Where a text differs all of them stand above, joined
	// by " + "; where a figure does, 0 and no limits.
	Mixed []string `json:"mixed,omitempty"`
}

// Encode writes the content of run.json: indented, its schema set, and with
// empty lists where r has none, so that readers need not ask for null.
func (r Run) Encode(w io.Writer) error { return r.encode(w, "  ") }

// EncodeCompact writes the same on one line, in half the time.
func (r Run) EncodeCompact(w io.Writer) error { return r.encode(w, "") }

func (r Run) encode(w io.Writer, indent string) error {
	r.Schema = RunSchema
	r.Args = listed(r.Args)
	r.Cells = append([]Cell{}, r.Cells...) // r's own stay as they are
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Reasons, c.Flags, c.Command = listed(c.Reasons), listed(c.Flags), listed(c.Command)
		c.Attempts = listed(c.Attempts)
		if c.Measures == nil {
			c.Measures = Measures{}
		}
	}
	return EncodeJSON(w, r, indent)
}

// EncodeJSON writes v as JSON that does no harm on a terminal or in a CI log
// (HarmlessJSON), indented or on one line, with a line end.
func EncodeJSON(w io.Writer, v any, indent string) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(HarmlessJSON(text.Bytes()))
	return err
}

func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
