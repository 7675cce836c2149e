package targets

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// AppDigest is the SHA-256 of the files of a kind of app, in hex. Measurements of a
// server under that app depend on it. It returns an error for an unknown kind.
func AppDigest(kind AppKind) (string, error) {
	k, ok := kinds()[kind]
	if !ok {
		return "", fmt.Errorf("unknown app kind %q", kind)
	}
	sum := sha256.New()
	for _, f := range k.sources() {
		text, err := apps.ReadFile(f.path)
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
	k, ok := kinds()[s.App]
	if !ok {
		return fmt.Errorf("app of %s: unknown kind %q", s.Name, s.App)
	}
	if err := makeReadableFolder(folder); err != nil {
		return fmt.Errorf("app of %s: %w", s.Name, err)
	}
	for _, f := range k.sources() {
		text, err := apps.ReadFile(f.path)
		if err != nil {
			return fmt.Errorf("app of %s: %w", s.Name, err)
		}
		if err := writeReadable(filepath.Join(folder, f.name), text); err != nil {
			return fmt.Errorf("app of %s: %w", s.Name, err)
		}
	}
	return WriteAttempt(folder, Attempt{Token: token, Receipts: receipts})
}

// attemptFile is the name of attempt.json, which the app reads.
const attemptFile = "attempt.json"

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
	path := filepath.Join(folder, attemptFile)
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
