package targets

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

//go:embed apps/wsgi/app.py
var apps embed.FS

// appFiles lists the files of each kind of app.
var appFiles = map[AppKind][]string{
	AppWSGI:    {"apps/wsgi/app.py"},
	AppBuiltin: nil,
}

// appFaults lists the faults that each kind of app has, by the names after /fault/.
// An app may lack some: the cells that need them are unsupported.
var appFaults = map[AppKind][]string{
	AppWSGI: {
		"wedge", "wedge-spin", "wedge-native", "wedge-gil", "wedge-io", "wedge-regex", "wedge-deaf",
		"segfault", "exit-3", "exit-1", "abort", "sigkill", "stack-overflow",
		"cpu", "io", "cpu-io", "slow", "big-response", "legit-slow", "starve", "exception", "broken-pipe", "system-exit", "leak",
		"leak-fd", "leak-thread", "leak-child", "oom-kill", "short-body", "long-body",
		"wedge-midstream", "crash-midstream", "exception-midstream",
		"db-update", "db-retry", "db-keep",
	},
	AppBuiltin: {
		"wedge", "wedge-spin", "wedge-native", "wedge-gil", "wedge-io", "wedge-regex", "wedge-deaf",
		"segfault", "exit-3", "exit-1", "abort", "sigkill", "stack-overflow",
		"cpu", "io", "cpu-io", "slow", "big-response", "legit-slow", "starve", "exception", "broken-pipe", "system-exit", "leak",
		"leak-fd", "leak-thread", "leak-child", "oom-kill", "short-body", "long-body",
		"wedge-midstream", "crash-midstream", "exception-midstream",
		"db-update", "db-retry", "db-keep",
	},
}

// AppKinds lists the kinds of apps.
func AppKinds() []string { return []string{string(AppWSGI), string(AppBuiltin)} }

// drivers are the pip requirements with which each kind of app asks a database. A kind that
// needs none brings its own driver.
var drivers = map[AppKind][]string{
	AppWSGI: {"psycopg==3.2.13", "psycopg-binary==3.2.13", "typing-extensions==4.15.0"},
}

// Drivers are the pip requirements of an app of this kind that has a database.
func (k AppKind) Drivers() []string { return slices.Clone(drivers[k]) }

// HasFault says whether an app of this kind answers /fault/<name>.
func (k AppKind) HasFault(name string) bool { return slices.Contains(appFaults[k], name) }

// AppFaults lists the faults of a kind of app.
func AppFaults(k AppKind) []string { return slices.Clone(appFaults[k]) }

// AppDigest is the SHA-256 of the files of a kind of app, in hex. Measurements of a
// server under that app depend on it. It returns an error for an unknown kind.
func AppDigest(kind AppKind) (string, error) {
	files, ok := appFiles[kind]
	if !ok {
		return "", fmt.Errorf("unknown app kind %q", kind)
	}
	sum := sha256.New()
	for _, name := range files {
		text, err := apps.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("app %s: %w", kind, err)
		}
		_, _ = sum.Write(text) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// WriteApp puts a copy of a server's app and its attempt.json into folder, which it
// makes if it does not exist. Any user may read everything in it, because the server may
// run as another user. receipts is the absolute path of the receipts file, which that
// user must be able to create or append to.
func WriteApp(s *Server, folder, token, receipts string) error {
	if !filepath.IsAbs(receipts) {
		return fmt.Errorf("app of %s: receipts path %q is not absolute", s.Name, receipts)
	}
	files, ok := appFiles[s.App]
	if !ok {
		return fmt.Errorf("app of %s: unknown kind %q", s.Name, s.App)
	}
	if err := makeReadableFolder(folder); err != nil {
		return fmt.Errorf("app of %s: %w", s.Name, err)
	}
	for _, name := range files {
		text, err := apps.ReadFile(name)
		if err != nil {
			return fmt.Errorf("app of %s: %w", s.Name, err)
		}
		if err := writeReadable(filepath.Join(folder, filepath.Base(name)), text); err != nil {
			return fmt.Errorf("app of %s: %w", s.Name, err)
		}
	}
	return WriteAttempt(folder, Attempt{Token: token, Receipts: receipts})
}

// Attempt is attempt.json: what an app must know when it is loaded.
type Attempt struct {
	Token    string `json:"token"`
	Receipts string `json:"receipts"`          // absolute path
	LoadMS   int64  `json:"load_ms,omitempty"` // the app takes so long to load
	// Database is the absolute path of the folder with the socket of the app's PostgreSQL, if
	// it has one.
	Database string `json:"database,omitempty"`
}

// WriteAttempt replaces attempt.json in an app's folder, at once: who loads the app
// meanwhile finds the old one or the new one.
func WriteAttempt(folder string, a Attempt) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("attempt.json: %w", err)
	}
	return replaceAttempt(folder, text)
}

// BreakAttempt makes the app in a folder impossible to load, until WriteAttempt.
func BreakAttempt(folder string) error {
	return replaceAttempt(folder, []byte("benchrun has broken this app on purpose"))
}

func replaceAttempt(folder string, text []byte) error {
	path := filepath.Join(folder, "attempt.json")
	if err := writeReadable(path+".new", text); err != nil {
		return fmt.Errorf("attempt.json: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("attempt.json: %w", err)
	}
	return nil
}

// makeReadableFolder makes a folder that any user may enter, whatever the umask.
func makeReadableFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.Chmod(folder, 0o755)
}

func writeReadable(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	return os.Chmod(path, 0o644)
}
