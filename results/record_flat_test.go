package results

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// readLines decodes lines after a head and a boot, with strict alone if strictly is set.
func readLines(strictly bool, lines ...string) (*bench.Record, error) {
	d := decoder{rec: &bench.Record{}, head: true, words: map[string]string{}, count: map[string]int{}}
	for _, l := range lines {
		kind, err := kindOf([]byte(l))
		if err != nil {
			return nil, err
		}
		if strictly {
			err = d.decodeSeen(kind, []byte(l))
		} else {
			err = d.line([]byte(l))
		}
		if err != nil {
			return nil, err
		}
	}
	return d.rec, nil
}

// Both ways of decoding a line give the same result or the same error.
func TestPlainLinesAreReadAsStrictly(t *testing.T) {
	for _, line := range []string{
		`{"k":"sample","role":"victim","seq":18446744073709551615,"nonce":"v1-a","due":-1,"sent":0,"done":9223372036854775807,"outcome":"ok","status":200,"pid":8,"bytes":3,"error":"EOF"}`,
		`{"k":"sample","role":"victim","outcome":"ok"}`,
		`{"k":"sample","role":"victim","outcome":"ok","outcome":"late"}`,
		`{"k":"sample","role":"nobody","outcome":"ok"}`,
		`{"k":"sample","role":"victim","outcome":"ok","seq":-1}`,
		`{"k":"sample","role":"victim","outcome":"ok","seq":18446744073709551616}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":01}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":1.0}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":1e3}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":"1"}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":null}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":-}`,
		`{"k":"sample","role":"victim","outcome":"ok","due":9223372036854775808}`,
		`{"k":"sample","role":"victim","outcome":"ok","error":"caf\u00e9"}`,
		`{"k":"sample","role":"victim","outcome":"ok","error":"café ` + "\xff" + `"}`,
		`{"k":"sample","role":"victim","outcome":"ok","error":"a` + "\x01" + `"}`,
		`{"k":"sample","role":"victim","outcome":"ok","error":3}`,
		`{"k":"sample","role":"victim","outcome":"ok","Error":"case"}`,
		`{"k":"sample","role":"victim","outcome":"ok","other":1}`,
		`{"k":"sample","role":"victim","outcome":"ok"}}`,
		`{"k":"sample","role":"victim","outcome":"ok",}`,
		`{"k":"sample","role":"victim","outcome":"ok"`,
		`{"k":"sample","role":"victim","outcome":"ok"} `,
		`{"k":"sample", "role":"victim","outcome":"ok"}`,
		`{"k":"sample"}`,
		`{"k":"vital","t":1,"procs":2,"threads":3,"fds":4,"zombies":5,"close_wait":6,"memory":-1,"cpu_s":0.017421775,"mem_available":7,"listen_overflow":8}`,
		`{"k":"vital","cpu_s":-0}`, `{"k":"vital","cpu_s":12}`, `{"k":"vital","cpu_s":1e-7}`, `{"k":"vital","cpu_s":1.}`, `{"k":"vital","cpu_s":.5}`,
		`{"k":"vital","cpu_s":01.5}`, `{"k":"vital","cpu_s":1.5.5}`, `{"k":"vital","cpu_s":0x1}`, `{"k":"vital","cpu_s":1_0}`, `{"k":"vital","cpu_s":+1}`,
		`{"k":"vital","cpu_s":NaN}`, `{"k":"vital","cpu_s":"1"}`, `{"k":"vital","procs":9223372036854775808}`,
		`{"k":"proc","t":1,"pid":2,"ppid":3,"event":"born","name":"gunicorn"}`,
		`{"k":"proc","t":1,"pid":2,"ppid":3,"event":"died","name":"gunicorn","exit":{"code":0,"signal":"SIGSEGV"}}`,
		`{"k":"proc","t":1,"pid":2,"event":"lost"}`,
		`{"k":"receipt","t":1,"nonce":"f3-9c1e","fault":"wedge","pid":7,"tid":9,"event":"start"}`,
		`{"k":"receipt","t":1,"nonce":"f3-9c1e","fault":"wedge","pid":7,"tid":9,"event":"begin"}`,
		`{"k":"mark","t":1,"name":"fault"}`, `{"k":"doubt","from":1,"to":2,"cause":"x"}`, `{"k":"odd"}`,
	} {
		want, wantErr := readLines(true, line)
		got, err := readLines(false, line)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v, %v", line, got, err, want, wantErr)
		}
	}
}

// oldLine is an entry as records without columns have it.
func oldLine(t *testing.T, kind string, v any) string {
	t.Helper()
	l := liner{}
	line := l.line(kind, v)
	if l.err != nil {
		t.Fatal(l.err)
	}
	return string(line)
}

// flat decodes what benchrun wrote, except deaths, whose status is an object, and texts
// with other than ASCII letters.
func TestOwnLinesArePlain(t *testing.T) {
	rec := &bench.Record{
		Samples: []bench.Sample{
			{Role: bench.RoleProvoker, Seq: 1, Nonce: "f1-a", Due: 1, Sent: 2, Done: 3, Outcome: bench.Cut, Status: 500, PID: 4, Bytes: 5, Error: "read: EOF"},
			{Role: bench.RoleVictim, Outcome: bench.OK},
		},
		Vitals:   []bench.Vital{{T: 1, Procs: 2, Threads: 3, FDs: 4, Zombies: 5, CloseWait: 6, Files: 9, Memory: -1, CPU: 1.5, MemAvailable: 7, ListenOverflow: 8}, {}},
		Procs:    []bench.ProcEvent{{T: 1, PID: 2, PPID: 3, Event: bench.Born, Name: "gunicorn"}},
		Receipts: []bench.Receipt{{T: 1, Nonce: "f1-a", Fault: "wedge", PID: 2, TID: 3, Event: bench.ReceiptThreadGone}},
	}
	var text strings.Builder
	for i := range rec.Samples {
		text.WriteString(oldLine(t, kindSample, &rec.Samples[i]))
	}
	for i := range rec.Vitals {
		text.WriteString(oldLine(t, kindVital, &rec.Vitals[i]))
	}
	for i := range rec.Procs {
		text.WriteString(oldLine(t, kindProc, &rec.Procs[i]))
	}
	for i := range rec.Receipts {
		text.WriteString(oldLine(t, kindReceipt, &rec.Receipts[i]))
	}
	d := decoder{rec: &bench.Record{}, words: map[string]string{}, count: map[string]int{}}
	plain := 0
	for line := range strings.Lines(text.String()) {
		line = strings.TrimSuffix(line, "\n")
		kind, err := kindOf([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if plain++; !d.flat(kind, []byte(line)) {
			t.Errorf("not plain: %s", line)
		}
	}
	rec.Boot, rec.Head = d.rec.Boot, d.rec.Head
	if plain != 6 || !reflect.DeepEqual(d.rec, rec) {
		t.Errorf("%d lines\n got %+v\nwant %+v", plain, d.rec, rec)
	}
}

// A record that would fill the memory is refused at the line where it becomes too large.
func TestRecordsAreBounded(t *testing.T) {
	vitals := headLine + bootLine + strings.Repeat(`{"k":"vital","t":1}`+"\n", maxOf[kindVital])
	if _, err := decodeRecord(bytes.NewReader(zipped(t, vitals))); err != nil {
		t.Error(err)
	}
	want := fmt.Sprintf(`line %d: more "vital" entries than the %d`, maxOf[kindVital]+3, maxOf[kindVital])
	if _, err := decodeRecord(bytes.NewReader(zipped(t, vitals+`{"k":"vital","t":1}`+"\n"))); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v; want %s", err, want)
	}
	// Such a record is not written either.
	f := newFolder(t)
	if err := f.WriteRecord("records/x.ndjson.gz", &bench.Record{Vitals: make([]bench.Vital, maxOf[kindVital]+1)}); err == nil || !strings.Contains(err.Error(), `more "vital" entries`) {
		t.Error(err)
	}
}

// When its context ends, reading ends with that cause.
func TestReadingEndsWithItsContext(t *testing.T) {
	f := newFolder(t)
	if err := f.WriteRecord("records/x.ndjson.gz", &bench.Record{}); err != nil {
		t.Fatal(err)
	}
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := f.ReadRecord(ctx, "records/x.ndjson.gz"); !errors.Is(err, why) {
		t.Errorf("a record: %v", err)
	}
	if _, err := f.Recover(ctx); !errors.Is(err, why) {
		t.Errorf("a run: %v", err)
	}
	if _, err := Join(ctx, t.TempDir(), false, f); !errors.Is(err, why) {
		t.Errorf("joining: %v", err)
	}
}
