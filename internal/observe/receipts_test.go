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

// tailing is a running TailReceipts.
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
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &tailing{t: t, path: path, clock: bench.NewClock(), cancel: cancel, done: make(chan error, 1),
		good: make(chan bench.Receipt, 1000), bad: make(chan string, 1000)}
	go func() {
		s.done <- TailReceipts(ctx, f, s.clock, func(e bench.Entry) {
			switch e := e.(type) {
			case bench.Receipt:
				s.good <- e
			case bench.Mark:
				s.bad <- e.Note
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		_ = f.Close()
	})
	return s
}

// end stops the tail and returns what it has reported since the last call.
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
	// A line arrives in three pieces, while the file grows.
	line := receiptLine("f2") + "\n"
	s.write(line[:10])
	s.write(line[10:50])
	s.write(line[50:])
	if got := next(t, s.good); got.Nonce != "f2" {
		t.Errorf("got %+v, want f2", got)
	}
	// Lines written before the end are read after it.
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
			s.write(receiptLine("after") + "\n") // the tail reads on
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

// The tail reports once what is done to the file's path, and reads on in the file that
// the app has open.
func TestTailHoldsItsFile(t *testing.T) {
	swap := func(put func(path string) error) func(path string) error {
		return func(path string) error { return errorOr(os.Remove(path), put(path)) }
	}
	for name, do := range map[string]func(path string) error{
		"removed":            os.Remove,
		"moved":              func(path string) error { return os.Rename(path, path+"2") },
		"a pipe":             swap(func(path string) error { return unix.Mkfifo(path, 0o600) }),
		"a folder":           swap(func(path string) error { return os.Mkdir(path, 0o700) }),
		"a link":             swap(func(path string) error { return os.Symlink("/etc/passwd", path) }),
		"a device":           swap(func(path string) error { return os.Symlink("/dev/zero", path) }),
		"closed to others":   func(path string) error { return os.Chmod(path, 0) },
		"its folder is gone": func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+"2") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			s := startTail(t, filepath.Join(dir, "r"))
			app, err := os.OpenFile(s.path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer app.Close() //nolint:errcheck // the test's own
			if _, err := app.WriteString(receiptLine("f1") + "\n"); err != nil {
				t.Fatal(err)
			}
			next(t, s.good)
			if err := do(s.path); err != nil {
				t.Fatal(err)
			}
			if told := next(t, s.bad); !strings.HasPrefix(told, "(") {
				t.Errorf("told %q, want what was done to the file", told)
			}
			if _, err := app.WriteString(receiptLine("f2") + "\n"); err != nil {
				t.Fatal(err)
			}
			if got := next(t, s.good); got.Nonce != "f2" {
				t.Errorf("got %+v, want f2", got)
			}
			if good, bad, err := s.end(); len(good)+len(bad) > 0 || err != nil {
				t.Errorf("more: %+v %q %v", good, bad, err)
			}
		})
	}
}

func TestTailBounds(t *testing.T) {
	clock := bench.NewClock()
	open := func(t *testing.T, limit int64) (*tail, *[]string, *int) {
		f, err := os.OpenFile(filepath.Join(t.TempDir(), "r"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		var bad []string
		good := 0
		return &tail{clock: clock, file: f, limit: limit, chunk: make([]byte, 10),
			tell: func(e bench.Entry) {
				if m, isMark := e.(bench.Mark); isMark {
					bad = append(bad, m.Note)
				} else {
					good++
				}
			}}, &bad, &good
	}
	line := receiptLine("f1") + "\n"
	t.Run("at a look", func(t *testing.T) {
		s, bad, good := open(t, receiptsSizeMax)
		if _, err := s.file.WriteString(strings.Repeat(line, 3)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{1, 2, 3, 3} {
			if err := s.read(int64(len(line))); err != nil || *good != want || len(*bad) > 0 {
				t.Errorf("%d receipts, %q, error %v; want %d and none", *good, *bad, err, want)
			}
		}
	})
	t.Run("in all", func(t *testing.T) {
		s, bad, good := open(t, int64(len(line))+3)
		if _, err := s.file.WriteString(line); err != nil {
			t.Fatal(err)
		}
		if err := s.read(s.limit); err != nil || *good != 1 || len(*bad) > 0 {
			t.Errorf("%d receipts, %q, error %v; want 1 and none", *good, *bad, err)
		}
		if _, err := s.file.WriteString(line); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.read(s.limit); err != nil || s.offset != s.limit || *good != 1 || len(*bad) != 1 {
				t.Errorf("read %d bytes of %d, %d receipts, %q, error %v; want it told once", s.offset, s.limit, *good, *bad, err)
			}
		}
	})
	t.Run("4 TiB", func(t *testing.T) {
		s, bad, _ := open(t, receiptsSizeMax)
		if err := s.file.Truncate(4 << 40); err != nil {
			t.Skip("no file that long here:", err)
		}
		for range 3 {
			if err := s.read(receiptsAtOnce); err != nil {
				t.Fatal(err)
			}
		}
		if s.offset != 3*receiptsAtOnce || len(*bad) != 2 || len(s.line) > receiptLineMax { // its length, and a line without end
			t.Errorf("read %d bytes, told %d, kept %d", s.offset, len(*bad), len(s.line))
		}
	})
	t.Run("nothing is written", func(t *testing.T) {
		good, bad, err := startTail(t, filepath.Join(t.TempDir(), "r")).end()
		if len(good)+len(bad) > 0 || err != nil {
			t.Errorf("%v %v %v, want nothing", good, bad, err)
		}
	})
}
