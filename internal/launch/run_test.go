package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// When Run returns, it has all of a program's output, its exit and its leftovers.
func TestRun(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			s, user := newTestScratch(t)
			var out bytes.Buffer
			ended, err := Run(t.Context(), caps, Spec{
				Argv: []string{"sh", "-c", "sleep 1000 & echo out; echo err >/dev/stderr; exit 3"}, Dir: "/", User: user, Scratch: s,
			}, &out)
			if err != nil || ended.Exit != (bench.ExitStatus{Code: 3}) || ended.OutOfMemory || out.String() != "out\nerr\n" {
				t.Errorf("%+v, %v, printed %q", ended, err, &out)
			}
			if len(s.state.Groups) > 0 {
				t.Errorf("left: %+v", s.state.Groups)
			}
		})
	}
}

// stranger opens a program's output as soon as the program has printed its pid.
type stranger struct {
	held *os.File
	err  error
}

func (s *stranger) Write(p []byte) (int, error) {
	s.held, s.err = os.OpenFile(fmt.Sprintf("/proc/%s/fd/1", strings.TrimSpace(string(p))), os.O_WRONLY, 0)
	return len(p), nil
}

// Run does not wait for a program whose output a foreign process holds open.
func TestRunWithOutputHeldOpen(t *testing.T) {
	ownTemp(t)
	s, user := newTestScratch(t)
	var out stranger
	done := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), Capabilities{Level: Subreaper}, Spec{
			Argv: []string{"sh", "-c", "echo $$; sleep 0.5"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/", User: user, Scratch: s,
		}, &out)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil || out.err != nil || out.held == nil {
			t.Errorf("%v; the stranger: %v", err, out.err)
		}
		_ = out.held.Close()
	case <-time.After(30 * time.Second):
		t.Fatal("it is still waited for")
	}
}

// If the output cannot be written, the program goes on and Run returns the error.
func TestRunWithABrokenOutput(t *testing.T) {
	ownTemp(t)
	s, user := newTestScratch(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close() //nolint:errcheck // nothing was written
	ended, err := Run(t.Context(), Capabilities{Level: Subreaper}, Spec{
		Argv: []string{"sh", "-c", "head -c 1000000 /dev/zero && exit 4"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: "/", User: user, Scratch: s,
	}, full)
	if err == nil || !strings.Contains(err.Error(), "no space left") || ended.Exit.Code != 4 {
		t.Errorf("%+v, %v", ended, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ownTemp(t)
	s, user := newTestScratch(t)
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(why) })
	if _, err := Run(ctx, best(t), Spec{Argv: []string{"sleep", "1000"}, Dir: "/", User: user, Scratch: s}, &bytes.Buffer{}); !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
}
