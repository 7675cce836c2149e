package observe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// tailing is a TailReceipts that runs.
type tailing struct {
	t      *testing.T
	path   string
	clock  bench.Clock
	good   chan bench.Receipt
	bad    chan string
	cancel context.CancelFunc
	done   chan error
}

func startTail(t *testing.T, path string) *tailing {
	ctx, cancel := context.WithCancel(context.Background())
	s := &tailing{t: t, path: path, clock: bench.NewClock(), cancel: cancel, done: make(chan error, 1),
		good: make(chan bench.Receipt, 1000), bad: make(chan string, 1000)}
	go func() {
		s.done <- TailReceipts(ctx, path, s.clock, func(r bench.Receipt) { s.good <- r }, func(l string) { s.bad <- l })
	}()
	t.Cleanup(cancel)
	return s
}

// end stops the tail and gives what it told and has not been taken yet.
func (s *tailing) end() (good []bench.Receipt, bad []string, err error) {
	s.cancel()
	select {
	case err = <-s.done:
	case <-time.After(10 * time.Second):
		s.t.Fatal("TailReceipts does not end")
	}
	close(s.good)
	close(s.bad)
	for r := range s.good {
		good = append(good, r)
	}
	for l := range s.bad {
		bad = append(bad, l)
	}
	return good, bad, err
}

func (s *tailing) write(text string) {
	s.t.Helper()
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errorOr(err, f.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func errorOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func next[T any](t *testing.T, from chan T) (x T) {
	t.Helper()
	select {
	case x = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return x
}

func receiptLine(nonce string) string {
	return fmt.Sprintf(`{"nonce":%q,"fault":"wedge","pid":7,"tid":9,"event":"start","t":%d}`, nonce, bench.Monotonic())
}

func TestTailFollows(t *testing.T) {
	s := startTail(t, filepath.Join(t.TempDir(), "receipts.ndjson"))
	s.write(receiptLine("f1-9c") + "\n")
	got := next(t, s.good)
	want := bench.Receipt{T: got.T, Nonce: "f1-9c", Fault: "wedge", PID: 7, TID: 9, Event: bench.ReceiptStart}
	if got != want || got.T <= 0 || got.T > s.clock.Now() {
		t.Errorf("got %+v, want %+v by %d", got, want, s.clock.Now())
	}
	// A line in three pieces, the file growing meanwhile.
	line := receiptLine("f2") + "\n"
	s.write(line[:10])
	s.write(line[10:50])
	s.write(line[50:])
	if got := next(t, s.good); got.Nonce != "f2" {
		t.Errorf("got %+v, want f2", got)
	}
	// What was written before the end is read after it.
	s.write(receiptLine("f3") + "\n" + receiptLine("f4") + "\n" + "{")
	good, bad, err := s.end()
	if err != nil || len(good) != 2 || good[1].Nonce != "f4" || !slices.Equal(bad, []string{"{"}) {
		t.Errorf("at the end: %+v, bad %q, error %v", good, bad, err)
	}
}

func TestTailTrustsNothing(t *testing.T) {
	line := func(old, new string) string {
		l := receiptLine("f1")
		if !strings.Contains(l, old) {
			t.Fatalf("%s has no %s", l, old)
		}
		return strings.Replace(l, old, new, 1)
	}
	mono := func(d time.Duration) string {
		return fmt.Sprintf(`{"nonce":"f1","fault":"wedge","pid":7,"tid":9,"event":"start","t":%d}`, bench.Monotonic()+int64(d))
	}
	for name, bad := range map[string]string{
		"no JSON":          "garbage \x00\xff",
		"an empty line":    "",
		"an array":         "[1]",
		"null":             "null",
		"two objects":      receiptLine("f1") + receiptLine("f2"),
		"unknown event":    line(`"start"`, `"finish"`),
		"observer's event": line(`"start"`, `"process-gone"`),
		"negative pid":     line(`"pid":7`, `"pid":-7`),
		"no pid":           line(`"pid":7,`, ``),
		"huge pid":         line(`"pid":7`, `"pid":99999999`),
		"pid is a string":  line(`"pid":7`, `"pid":"7"`),
		"fractional pid":   line(`"pid":7`, `"pid":7.5`),
		"zero tid":         line(`"tid":9`, `"tid":0`),
		"no nonce":         line(`"f1"`, `""`),
		"nonce with slash": line(`"f1"`, `"../f1"`),
		"long nonce":       line(`f1`, strings.Repeat("n", 65)),
		"fault with space": line(`"wedge"`, `"we dge"`),
		"no fault":         line(`"wedge"`, `""`),
		"past time":        mono(-time.Hour),
		"future time":      mono(time.Hour),
		"too long":         line(`"wedge"`, `"`+strings.Repeat("w", receiptLineMax)+`"`),
	} {
		t.Run(name, func(t *testing.T) {
			s := startTail(t, filepath.Join(t.TempDir(), "r"))
			s.write(bad + "\n")
			cut := bad[:min(len(bad), receiptLineMax)]
			if got := next(t, s.bad); got != cut {
				t.Errorf("bad line %.80q, want %.80q", got, cut)
			}
			s.write(receiptLine("after") + "\n") // the tail goes on
			if got := next(t, s.good); got.Nonce != "after" {
				t.Errorf("got %+v, want the receipt after it", got)
			}
			if good, more, err := s.end(); len(good)+len(more) > 0 || err != nil {
				t.Errorf("more: %+v %q %v", good, more, err)
			}
		})
	}
}

func TestTailOfAFileThatIsCut(t *testing.T) {
	s := startTail(t, filepath.Join(t.TempDir(), "r"))
	s.write(receiptLine("f1") + "\n")
	next(t, s.good)
	if err := os.Truncate(s.path, 0); err != nil {
		t.Fatal(err)
	}
	next(t, s.bad)
	s.write(receiptLine("f2") + "\n")
	if got := next(t, s.good); got.Nonce != "f2" {
		t.Errorf("got %+v, want f2", got)
	}
}

func TestTailBounds(t *testing.T) {
	dir := t.TempDir()

	t.Run("a pipe does not block it", func(t *testing.T) {
		path := filepath.Join(dir, "pipe")
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		s := startTail(t, path)
		if err := next(t, s.done); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want one that names the file", err)
		}
	})
	t.Run("a link is not followed", func(t *testing.T) {
		path := filepath.Join(dir, "link")
		if err := os.Symlink("/etc/passwd", path); err != nil {
			t.Fatal(err)
		}
		s := startTail(t, path)
		if err := next(t, s.done); err == nil {
			t.Error("no error")
		}
	})
	t.Run("size", func(t *testing.T) {
		path, good, clock := filepath.Join(dir, "huge"), 0, bench.NewClock()
		line := receiptLine("f1") + "\n"
		s := &tail{clock: clock, limit: int64(len(line)) + 3, chunk: make([]byte, 10),
			on: func(bench.Receipt) { good++ }, onBad: func(l string) { t.Errorf("bad line %q", l) }}
		defer s.close()
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.read(path); err != nil || good != 1 {
			t.Errorf("%d receipts, error %v; want 1 and none", good, err)
		}
		if err := os.WriteFile(path, []byte(line+line), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.read(path); err == nil || s.offset != s.limit {
			t.Errorf("read %d bytes of %d, error %v; want one", s.offset, s.limit, err)
		}
	})
	t.Run("no file at all", func(t *testing.T) {
		good, bad, err := startTail(t, filepath.Join(dir, "nothing")).end()
		if len(good)+len(bad) > 0 || err != nil {
			t.Errorf("%v %v %v, want nothing", good, bad, err)
		}
	})
}
