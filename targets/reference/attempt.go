package reference

import (
	"encoding/json"
	"os"
	"path/filepath"

	"benchrun/internal/bench"
)

// attempt is attempt.json: what the app must know about its attempt.
type attempt struct {
	Token    string `json:"token"`
	Receipts string `json:"receipts"` // absolute path
	LoadMS   int64  `json:"load_ms"`  // how long a worker takes to load the app
	Database string `json:"database"` // folder of the socket of the app's PostgreSQL; "" = it has none
}

// loadAttempt reads attempt.json in dir. Its error is a bench.EnvironmentError that names
// the file.
func loadAttempt(dir string) (attempt, error) {
	var a attempt
	path := filepath.Join(dir, "attempt.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return a, &bench.EnvironmentError{Problem: "the app folder is not usable", Err: err}
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, &bench.EnvironmentError{Problem: path + " is not valid", Err: err}
	}
	if a.Token == "" || !filepath.IsAbs(a.Receipts) {
		return a, &bench.EnvironmentError{Problem: path + ": needs a token and an absolute path of receipts"}
	}
	return a, nil
}

// receiptsFile appends receipts to the attempt's file, each line in one write.
type receiptsFile struct {
	f   *os.File
	pid int
}

// openReceipts opens the receipts file of an attempt. Its error is a
// bench.EnvironmentError that names the file.
func openReceipts(path string) (*receiptsFile, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "receipts cannot be written", Err: err}
	}
	return &receiptsFile{f: f, pid: os.Getpid()}, nil
}

// write appends one receipt with the current time and the thread tid.
func (r *receiptsFile) write(nonce, fault string, tid int, event bench.ReceiptEvent) error {
	line, err := json.Marshal(bench.Receipt{
		T: bench.Monotonic(), Nonce: nonce, Fault: fault, PID: r.pid, TID: tid, Event: event,
	})
	if err != nil {
		return err
	}
	_, err = r.f.Write(append(line, '\n'))
	return err
}
