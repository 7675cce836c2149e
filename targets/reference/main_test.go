package reference

import (
	"bytes"
	"errors"
	"flag"
	"net"
	"os"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// TestMain also lets the test binary be the front and the workers that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__reference" {
		os.Exit(Main(os.Args[2:]))
	}
	// The parallel tests mostly wait.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // in the message
	}{
		{"--bind 127.0.0.1:0", "--app is missing"},
		{"--app .", "not host:port"},
		{"--app . --bind nowhere", "not host:port"},
		{"--app . --bind 127.0.0.1:0 --workers 0", "--workers 0"},
		{"--app . --bind 127.0.0.1:0 --workers 257", "--workers 257"},
		{"--app . --bind 127.0.0.1:0 --watchdog 0s", "above 0"},
		{"--app . --bind 127.0.0.1:0 --grace 0s", "above 0"},
		{"--app . --bind 127.0.0.1:0 more", `"more"`},
		{"--app . --bind 127.0.0.1:0 --nonsense", "nonsense"},
		{"--app . --bind 127.0.0.1:0 --flaw no-watchdog --flaw no-such", `no flaw is called "no-such"`},
	} {
		var out bytes.Buffer
		err := run(strings.Fields(c.args), &out, &out)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a usage error with %q", c.args, err, c.want)
		}
	}
}

func TestUnknownFlawListsTheFlaws(t *testing.T) {
	_, err := parseFlaws([]string{"nothing"})
	for _, f := range Flaws {
		if err == nil || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("error %v does not list %s", err, f.Name)
		}
	}
	if code := Main([]string{"--app", ".", "--bind", "127.0.0.1:0", "--flaw", "nothing"}); code != bench.ExitUsage {
		t.Errorf("exit code is %d, want %d", code, bench.ExitUsage)
	}
}

func TestHelpNamesEveryFlaw(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"--help"}, &out, &out); err != nil {
		t.Fatal(err)
	}
	for _, f := range Flaws {
		if !strings.Contains(out.String(), f.Name) || !strings.Contains(out.String(), f.Text) {
			t.Errorf("--help does not explain %s", f.Name)
		}
	}
	if strings.Contains(out.String(), "--worker ") {
		t.Error("--help shows --worker, which is for the front's own use")
	}
}

func TestEnvironmentErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	good := t.TempDir()
	writeAttempt(t, good)
	broken := t.TempDir()
	writeFile(t, broken+"/attempt.json", `{"token": 7}`)
	incomplete := t.TempDir()
	writeFile(t, incomplete+"/attempt.json", `{"token": "t", "receipts": "relative"}`)
	unwritable := t.TempDir()
	writeFile(t, unwritable+"/attempt.json", `{"token": "t", "receipts": "`+unwritable+`/no/receipts"}`)

	for name, args := range map[string][]string{
		"port taken":             {"--bind", taken.Addr().String(), "--app", good},
		"no attempt.json":        {"--bind", "127.0.0.1:0", "--app", t.TempDir()},
		"attempt.json broken":    {"--bind", "127.0.0.1:0", "--app", broken},
		"receipts not absolute":  {"--bind", "127.0.0.1:0", "--app", incomplete},
		"receipts not creatable": {"--bind", "127.0.0.1:0", "--app", unwritable},
	} {
		if code := Main(args); code != bench.ExitEnvironment {
			t.Errorf("%s: exit code is %d, want %d", name, code, bench.ExitEnvironment)
		}
	}
}
