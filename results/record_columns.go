package results

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// The kinds of lines that have many rows.
const (
	kindSamples  = "samples"
	kindVitals   = "vitals"
	kindReceipts = "receipts"
)

// maxRows is how many rows a line may have.
const maxRows = 4096

// rowKind is what the rows of such a line are.
var rowKind = map[string]string{kindSamples: kindSample, kindVitals: kindVital, kindReceipts: kindReceipt}

type sampleColumns struct {
	Rows     int                   `json:"rows"`
	Role     *words[bench.Role]    `json:"role,omitempty"`
	Seq      *steps                `json:"seq,omitempty"`
	Nonce    []string              `json:"nonce,omitempty"` // absent: what the schedule calls a request of that role and seq
	Due      *steps                `json:"due,omitempty"`
	Sent     *offsets              `json:"sent,omitempty"` // from due
	Done     *offsets              `json:"done,omitempty"` // from sent; of what was never sent, from due
	Outcome  *words[bench.Outcome] `json:"outcome,omitempty"`
	Part     *words[string]        `json:"part,omitempty"`
	Status   *words[int]           `json:"status,omitempty"`
	PID      *words[int]           `json:"pid,omitempty"`
	Bytes    *words[int64]         `json:"bytes,omitempty"`
	Idle     *words[int64]         `json:"idle_ns,omitempty"`
	Text     *words[string]        `json:"text,omitempty"`
	Promised *words[bool]          `json:"promised,omitempty"`
	Error    *words[string]        `json:"error,omitempty"`
}

func columnsOfSamples(names nonceNames, s []bench.Sample) *sampleColumns {
	n := len(s)
	return &sampleColumns{
		Rows:  n,
		Role:  wordsOf(n, func(i int) bench.Role { return s[i].Role }),
		Seq:   stepsOf(n, func(i int) int64 { return int64(s[i].Seq) }), //nolint:gosec // wraps around, and back
		Nonce: names.ofSamples(s),
		Due:   stepsOf(n, func(i int) int64 { return s[i].Due }),
		Sent:  offsetsOf(n, func(i int) (int64, int64) { return s[i].Sent, s[i].Due }),
		Done: offsetsOf(n, func(i int) (int64, int64) {
			return s[i].Done, doneFrom(&s[i])
		}),
		Outcome:  wordsOf(n, func(i int) bench.Outcome { return s[i].Outcome }),
		Part:     wordsOf(n, func(i int) string { return s[i].Part }),
		Status:   wordsOf(n, func(i int) int { return s[i].Status }),
		PID:      wordsOf(n, func(i int) int { return s[i].PID }),
		Bytes:    wordsOf(n, func(i int) int64 { return s[i].Bytes }),
		Idle:     wordsOf(n, func(i int) int64 { return s[i].Idle }),
		Text:     wordsOf(n, func(i int) string { return s[i].Text }),
		Promised: wordsOf(n, func(i int) bool { return s[i].Promised }),
		Error:    wordsOf(n, func(i int) string { return s[i].Error }),
	}
}

// doneFrom is what a sample's end is counted from.
func doneFrom(s *bench.Sample) int64 {
	if s.Sent == 0 {
		return s.Due
	}
	return s.Sent
}

// fill sets the samples, as many as there are rows.
func (c *sampleColumns) fill(names nonceNames, s []bench.Sample) error {
	n := len(s)
	return cmp.Or(
		column("role", c.Role.each(n, func(i int, v bench.Role) { s[i].Role = v })),
		column("seq", c.Seq.each(n, func(i int, v int64) { s[i].Seq = uint64(v) })), //nolint:gosec // wraps around
		column("due", c.Due.each(n, func(i int, v int64) { s[i].Due = v })),
		column("sent", c.Sent.each(n, func(i int, v int64) { s[i].Sent = s[i].Due + v })),
		column("done", c.Done.each(n, func(i int, v int64) { s[i].Done = doneFrom(&s[i]) + v })),
		column("outcome", c.Outcome.each(n, func(i int, v bench.Outcome) { s[i].Outcome = v })),
		column("part", c.Part.each(n, func(i int, v string) { s[i].Part = v })),
		column("status", c.Status.each(n, func(i int, v int) { s[i].Status = v })),
		column("pid", c.PID.each(n, func(i int, v int) { s[i].PID = v })),
		column("bytes", c.Bytes.each(n, func(i int, v int64) { s[i].Bytes = v })),
		column("idle_ns", c.Idle.each(n, func(i int, v int64) { s[i].Idle = v })),
		column("text", c.Text.each(n, func(i int, v string) { s[i].Text = v })),
		column("promised", c.Promised.each(n, func(i int, v bool) { s[i].Promised = v })),
		column("error", c.Error.each(n, func(i int, v string) { s[i].Error = v })),
		column("nonce", names.toSamples(c.Nonce, s)),
		eachRow(s, checkSample),
	)
}

type vitalColumns struct {
	Rows           int    `json:"rows"`
	T              *steps `json:"t,omitempty"`
	Procs          *steps `json:"procs,omitempty"`
	Threads        *steps `json:"threads,omitempty"`
	FDs            *steps `json:"fds,omitempty"`
	Zombies        *steps `json:"zombies,omitempty"`
	CloseWait      *steps `json:"close_wait,omitempty"`
	Files          *steps `json:"files,omitempty"`
	Log            *steps `json:"log,omitempty"`
	Memory         *steps `json:"memory,omitempty"`
	CPU            *steps `json:"cpu_ns,omitempty"`
	MemAvailable   *steps `json:"mem_available,omitempty"`
	ListenOverflow *steps `json:"listen_overflow,omitempty"`
	// CPUSeconds is there instead of CPU if that is not a whole number of nanoseconds.
	CPUSeconds []float64 `json:"cpu_s,omitempty"`
}

func columnsOfVitals(v []bench.Vital) *vitalColumns {
	n := len(v)
	c := &vitalColumns{
		Rows:           n,
		T:              stepsOf(n, func(i int) int64 { return v[i].T }),
		Procs:          stepsOf(n, func(i int) int64 { return int64(v[i].Procs) }),
		Threads:        stepsOf(n, func(i int) int64 { return int64(v[i].Threads) }),
		FDs:            stepsOf(n, func(i int) int64 { return int64(v[i].FDs) }),
		Zombies:        stepsOf(n, func(i int) int64 { return int64(v[i].Zombies) }),
		CloseWait:      stepsOf(n, func(i int) int64 { return int64(v[i].CloseWait) }),
		Files:          stepsOf(n, func(i int) int64 { return int64(v[i].Files) }),
		Log:            stepsOf(n, func(i int) int64 { return v[i].Log }),
		Memory:         stepsOf(n, func(i int) int64 { return v[i].Memory }),
		MemAvailable:   stepsOf(n, func(i int) int64 { return v[i].MemAvailable }),
		ListenOverflow: stepsOf(n, func(i int) int64 { return v[i].ListenOverflow }),
	}
	for i := range v {
		if _, ok := nanoseconds(v[i].CPU); !ok {
			c.CPUSeconds = make([]float64, n)
			for i := range v {
				c.CPUSeconds[i] = v[i].CPU
			}
			return c
		}
	}
	c.CPU = stepsOf(n, func(i int) int64 { ns, _ := nanoseconds(v[i].CPU); return ns })
	return c
}

// nanoseconds is a whole number of them that gives exactly s again.
func nanoseconds(s float64) (ns int64, ok bool) {
	n := math.Round(s * 1e9)
	if math.Abs(n) > 1<<53 { // also if s is no number
		return 0, false
	}
	return int64(n), n/1e9 == s
}

// fill sets the vital signs, as many as there are rows.
func (c *vitalColumns) fill(v []bench.Vital) error {
	n := len(v)
	if c.CPUSeconds != nil {
		if c.CPU != nil || len(c.CPUSeconds) != n {
			return fmt.Errorf("cpu_s: %d entries for %d rows", len(c.CPUSeconds), n)
		}
		for i := range v {
			v[i].CPU = c.CPUSeconds[i]
		}
	}
	return cmp.Or(
		column("t", c.T.each(n, func(i int, n int64) { v[i].T = n })),
		column("procs", c.Procs.each(n, func(i int, n int64) { v[i].Procs = int(n) })),
		column("threads", c.Threads.each(n, func(i int, n int64) { v[i].Threads = int(n) })),
		column("fds", c.FDs.each(n, func(i int, n int64) { v[i].FDs = int(n) })),
		column("zombies", c.Zombies.each(n, func(i int, n int64) { v[i].Zombies = int(n) })),
		column("close_wait", c.CloseWait.each(n, func(i int, n int64) { v[i].CloseWait = int(n) })),
		column("files", c.Files.each(n, func(i int, n int64) { v[i].Files = int(n) })),
		column("log", c.Log.each(n, func(i int, n int64) { v[i].Log = n })),
		column("memory", c.Memory.each(n, func(i int, n int64) { v[i].Memory = n })),
		column("cpu_ns", c.CPU.each(n, func(i int, n int64) { v[i].CPU = float64(n) / 1e9 })),
		column("mem_available", c.MemAvailable.each(n, func(i int, n int64) { v[i].MemAvailable = n })),
		column("listen_overflow", c.ListenOverflow.each(n, func(i int, n int64) { v[i].ListenOverflow = n })),
	)
}

type receiptColumns struct {
	Rows  int                        `json:"rows"`
	T     *steps                     `json:"t,omitempty"`
	Nonce []string                   `json:"nonce"`
	Fault *words[string]             `json:"fault,omitempty"`
	PID   *words[int]                `json:"pid,omitempty"`
	TID   *words[int]                `json:"tid,omitempty"`
	Event *words[bench.ReceiptEvent] `json:"event,omitempty"`
}

func columnsOfReceipts(names nonceNames, r []bench.Receipt) *receiptColumns {
	n := len(r)
	c := &receiptColumns{
		Rows:  n,
		T:     stepsOf(n, func(i int) int64 { return r[i].T }),
		Nonce: make([]string, n),
		Fault: wordsOf(n, func(i int) string { return r[i].Fault }),
		PID:   wordsOf(n, func(i int) int { return r[i].PID }),
		TID:   wordsOf(n, func(i int) int { return r[i].TID }),
		Event: wordsOf(n, func(i int) bench.ReceiptEvent { return r[i].Event }),
	}
	for i := range r {
		c.Nonce[i] = names.short(r[i].Nonce)
	}
	return c
}

// fill sets the receipts, as many as there are rows.
func (c *receiptColumns) fill(names nonceNames, r []bench.Receipt) error {
	n := len(r)
	if len(c.Nonce) != n {
		return fmt.Errorf("nonce: %d entries for %d rows", len(c.Nonce), n)
	}
	for i := range r {
		var err error
		if r[i].Nonce, err = names.long(c.Nonce[i]); err != nil {
			return fmt.Errorf("nonce: row %d: %w", i+1, err)
		}
	}
	return cmp.Or(
		column("t", c.T.each(n, func(i int, v int64) { r[i].T = v })),
		column("fault", c.Fault.each(n, func(i int, v string) { r[i].Fault = v })),
		column("pid", c.PID.each(n, func(i int, v int) { r[i].PID = v })),
		column("tid", c.TID.each(n, func(i int, v int) { r[i].TID = v })),
		column("event", c.Event.each(n, func(i int, v bench.ReceiptEvent) { r[i].Event = v })),
		eachRow(r, checkReceipt),
	)
}

// column names the column of an error.
func column(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// eachRow checks all rows.
func eachRow[T any](rows []T, check func(*T) error) error {
	for i := range rows {
		if err := check(&rows[i]); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

// nonceNames shortens the nonces of a record. The 8 digits of a nonce come from the seed and
// the scenario, which the head has, so that they need not be stored: "f3" is what the schedule
// calls fault 3. A text that is no such nonce has "=" before it.
type nonceNames struct{ of bench.Nonces }

func namesFor(h *bench.Head) nonceNames { return nonceNames{bench.NoncesOf(h.Seed, h.Scenario)} }

// own is what the schedule calls a request.
func (n nonceNames) own(s *bench.Sample) string {
	kind := "v"
	switch s.Role {
	case bench.RoleProvoker:
		kind = "f"
	case bench.RoleAgeing:
		kind = "a"
	}
	return n.of.Of(kind, s.Seq)
}

// ofSamples makes the column; nil if all have the names that they should have.
func (n nonceNames) ofSamples(s []bench.Sample) []string {
	out, all := make([]string, len(s)), true
	for i := range s {
		if s[i].Nonce != n.own(&s[i]) {
			out[i], all = n.short(s[i].Nonce), false
		}
	}
	if all {
		return nil
	}
	return out
}

// toSamples gives the samples their nonces. An empty entry is the name that it should have.
func (n nonceNames) toSamples(column []string, s []bench.Sample) error {
	if column != nil && len(column) != len(s) {
		return fmt.Errorf("%d entries for %d rows", len(column), len(s))
	}
	for i := range s {
		if column == nil || column[i] == "" {
			s[i].Nonce = n.own(&s[i])
			continue
		}
		var err error
		if s[i].Nonce, err = n.long(column[i]); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

func (n nonceNames) short(nonce string) string {
	if name, _, ok := strings.Cut(nonce, "-"); ok {
		if full, err := n.long(name); err == nil && full == nonce {
			return name
		}
	}
	return "=" + nonce
}

func (n nonceNames) long(name string) (string, error) {
	if text, ok := strings.CutPrefix(name, "="); ok {
		return text, nil
	}
	if len(name) < 2 || name[0] < 'a' || name[0] > 'z' || !plain([]byte(name[1:])) {
		return "", fmt.Errorf("%q is no letter and number", bench.Excerpt(name))
	}
	number, err := strconv.ParseUint(name[1:], 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no letter and number", bench.Excerpt(name))
	}
	return n.of.Of(name[:1], number), nil
}
