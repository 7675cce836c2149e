package results

import (
	"strconv"

	"benchrun/internal/bench"
)

// The frequent lines of a record without columns are decoded here, without encoding/json,
// which takes a seventh of the time. This code handles the lines that benchrun itself wrote: one object
// without spaces, whose members are plain texts or numbers. It leaves any other line to
// strict.

// flat decodes such a line of a kind; false = strict must decode it.
func (d *decoder) flat(kind string, line []byte) bool {
	switch rec := d.rec; kind {
	case kindSample:
		var v bench.Sample
		if !members(line, func(key string, m member) bool { return d.sample(&v, key, m) }) || checkSample(&v) != nil {
			return false
		}
		rec.Samples = append(rec.Samples, v)
	case kindVital:
		var v bench.Vital
		if !members(line, func(key string, m member) bool { return vital(&v, key, m) }) {
			return false
		}
		rec.Vitals = append(rec.Vitals, v)
	case kindProc:
		var v bench.ProcEvent
		if !members(line, func(key string, m member) bool { return d.proc(&v, key, m) }) || checkProc(&v) != nil {
			return false
		}
		rec.Procs = append(rec.Procs, v)
	case kindReceipt:
		var v bench.Receipt
		if !members(line, func(key string, m member) bool { return d.receipt(&v, key, m) }) || checkReceipt(&v) != nil {
			return false
		}
		rec.Receipts = append(rec.Receipts, v)
	default:
		return false
	}
	return true
}

func (d *decoder) sample(v *bench.Sample, key string, m member) bool {
	switch key {
	case "k":
		return m.text
	case "role":
		return word(d, m, &v.Role)
	case "seq":
		return m.unsigned(&v.Seq)
	case "nonce":
		return m.string(&v.Nonce)
	case "due":
		return m.int64(&v.Due)
	case "sent":
		return m.int64(&v.Sent)
	case "done":
		return m.int64(&v.Done)
	case "outcome":
		return word(d, m, &v.Outcome)
	case "status":
		return m.int(&v.Status)
	case "pid":
		return m.int(&v.PID)
	case "bytes":
		return m.int64(&v.Bytes)
	case "idle_ns":
		return m.int64(&v.Idle)
	case "error":
		return word(d, m, &v.Error)
	}
	return false
}

func vital(v *bench.Vital, key string, m member) bool {
	switch key {
	case "k":
		return m.text
	case "t":
		return m.int64(&v.T)
	case "procs":
		return m.int(&v.Procs)
	case "threads":
		return m.int(&v.Threads)
	case "fds":
		return m.int(&v.FDs)
	case "zombies":
		return m.int(&v.Zombies)
	case "close_wait":
		return m.int(&v.CloseWait)
	case "files":
		return m.int(&v.Files)
	case "memory":
		return m.int64(&v.Memory)
	case "cpu_s":
		return m.float(&v.CPU)
	case "mem_available":
		return m.int64(&v.MemAvailable)
	case "listen_overflow":
		return m.int64(&v.ListenOverflow)
	}
	return false
}

func (d *decoder) proc(v *bench.ProcEvent, key string, m member) bool {
	switch key {
	case "k":
		return m.text
	case "t":
		return m.int64(&v.T)
	case "pid":
		return m.int(&v.PID)
	case "ppid":
		return m.int(&v.PPID)
	case "event":
		return word(d, m, &v.Event)
	case "name":
		return word(d, m, &v.Name)
	}
	return false // an exit is an object
}

func (d *decoder) receipt(v *bench.Receipt, key string, m member) bool {
	switch key {
	case "k":
		return m.text
	case "t":
		return m.int64(&v.T)
	case "nonce":
		return m.string(&v.Nonce)
	case "fault":
		return word(d, m, &v.Fault)
	case "pid":
		return m.int(&v.PID)
	case "tid":
		return m.int(&v.TID)
	case "event":
		return word(d, m, &v.Event)
	}
	return false
}

// member is the value of a member: the text between its quotes, or the number as written.
type member struct {
	value []byte
	text  bool
}

// members calls each for the members of an object. It returns false if the line is not
// plain, or if each returns false.
func members(line []byte, each func(key string, m member) bool) bool {
	at := 0
	next := func(c byte) bool {
		if at < len(line) && line[at] == c {
			at++
			return true
		}
		return false
	}
	quoted := func() ([]byte, bool) {
		if !next('"') {
			return nil, false
		}
		from := at
		for at < len(line) && line[at] >= ' ' && line[at] <= '~' && line[at] != '"' && line[at] != '\\' {
			at++
		}
		return line[from:at], next('"')
	}
	if !next('{') {
		return false
	}
	for {
		key, ok := quoted()
		if !ok || !next(':') || at == len(line) {
			return false
		}
		var m member
		if m.text = line[at] == '"'; m.text {
			if m.value, ok = quoted(); !ok {
				return false
			}
		} else {
			from := at
			for at < len(line) && line[at] != ',' && line[at] != '}' {
				at++
			}
			m.value = line[from:at]
		}
		if !each(string(key), m) {
			return false
		}
		if next('}') {
			return at == len(line)
		}
		if !next(',') {
			return false
		}
	}
}

// word stores a text that many lines share.
func word[T ~string](d *decoder, m member, to *T) bool {
	if !m.text {
		return false
	}
	known, ok := d.words[string(m.value)]
	if !ok {
		known = string(m.value)
		if len(d.words) < mostWords {
			d.words[known] = known
		}
	}
	*to = T(known)
	return true
}

// mostWords is how many shared texts are stored: a server may answer each request with
// another error.
const mostWords = 1000

func (m member) string(to *string) bool {
	if m.text {
		*to = string(m.value)
	}
	return m.text
}

// integer says whether a number is written as JSON writes integers.
func (m member) integer() bool {
	digits := m.value
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	return !m.text && plain(digits)
}

// plain says whether there are digits without a superfluous leading zero.
func plain(digits []byte) bool {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(digits) > 0 && (len(digits) == 1 || digits[0] != '0')
}

func (m member) int64(to *int64) bool {
	if !m.integer() {
		return false
	}
	n, err := strconv.ParseInt(string(m.value), 10, 64)
	*to = n
	return err == nil
}

func (m member) int(to *int) bool {
	if !m.integer() {
		return false
	}
	n, err := strconv.Atoi(string(m.value))
	*to = n
	return err == nil
}

func (m member) unsigned(to *uint64) bool {
	if m.text || !plain(m.value) {
		return false
	}
	n, err := strconv.ParseUint(string(m.value), 10, 64)
	*to = n
	return err == nil
}

func (m member) float(to *float64) bool {
	whole, part := m, []byte(nil)
	for i, c := range m.value {
		if c == '.' {
			whole.value, part = m.value[:i], m.value[i+1:]
			if len(part) == 0 {
				return false
			}
			break
		}
	}
	for _, c := range part {
		if c < '0' || c > '9' {
			return false
		}
	}
	if !whole.integer() {
		return false
	}
	n, err := strconv.ParseFloat(string(m.value), 64)
	*to = n
	return err == nil
}
