package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

const headV3 = `{"k":"head","schema":"benchrun.record/v3","seed":1,"scenario":"wedge-1pct"}` + "\n"

// columnLines are lines that are right.
var columnLines = []string{
	`{"k":"samples","rows":3,"role":{"words":["victim","provoker"],"rows":[0,0,1]},"seq":{"first":7,"steps":[1,-8]},"due":{"first":5,"unit":10,"steps":[1,2]},` +
		`"sent":{"unit":3,"from":[1,null,0]},"done":{"from":[4,9,null]},"outcome":{"words":["ok"]},"status":{"words":[200,0],"rows":[0,1,0]},"nonce":["","=x","f3"]}`,
	`{"k":"vitals","rows":2,"t":{"first":1,"steps":[2]},"memory":{"first":-1,"unit":4096,"steps":[1]},"cpu_ns":{"steps":[500000000]}}`,
	`{"k":"vitals","rows":1,"cpu_s":[0.1234567891234]}`,
	`{"k":"receipts","rows":2,"t":{"first":9,"steps":[1]},"nonce":["f0","=other"],"fault":{"words":["wedge"]},"pid":{"words":[7]},"event":{"words":["start","end"],"rows":[0,1]}}`,
}

// What columns mean, by hand.
func TestColumns(t *testing.T) {
	rec, err := decodeText(t, headV3+bootLine+strings.Join(columnLines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	names := bench.NoncesOf(1, "wedge-1pct")
	want := &bench.Record{
		Head: bench.Head{Schema: bench.RecordSchema, Seed: 1, Scenario: "wedge-1pct"},
		Boot: bench.Boot{Ready: true, Seconds: 1, WorkersSeen: 1},
		Samples: []bench.Sample{
			{Role: bench.RoleVictim, Seq: 7, Nonce: names.Of("v", 7), Due: 5, Sent: 8, Done: 12, Outcome: bench.OK, Status: 200},
			{Role: bench.RoleVictim, Seq: 8, Nonce: "x", Due: 15, Done: 24, Outcome: bench.OK},
			{Role: bench.RoleProvoker, Nonce: names.Of("f", 3), Due: 35, Sent: 35, Outcome: bench.OK, Status: 200},
		},
		Vitals: []bench.Vital{{T: 1, Memory: -1}, {T: 3, Memory: 4095, CPU: 0.5}, {CPU: 0.1234567891234}},
		Receipts: []bench.Receipt{
			{T: 9, Nonce: names.Of("f", 0), Fault: "wedge", PID: 7, Event: bench.ReceiptStart},
			{T: 10, Nonce: "other", Fault: "wedge", PID: 7, Event: bench.ReceiptEnd},
		},
	}
	if !reflect.DeepEqual(rec, want) {
		t.Errorf("got %+v\nwant %+v", rec, want)
	}
}

func TestColumnsAreStrict(t *testing.T) {
	samples := func(rest string) string {
		return `{"k":"samples","rows":2,"role":{"words":["victim"]},"outcome":{"words":["ok"]}` + rest + `}`
	}
	for line, want := range map[string]string{
		`{"k":"samples"}`:                                                       "0 rows, not 1 to 4096",
		`{"k":"vitals","rows":-1}`:                                              "-1 rows, not 1 to 4096",
		`{"k":"vitals","rows":4097}`:                                            "4097 rows, not 1 to 4096",
		`{"k":"vitals","rows":1e3}`:                                             "cannot unmarshal number 1e3",
		`{"k":"samples","rows":1}`:                                              `row 1: unknown role ""`,
		samples(`,"due":{"steps":[]}`):                                          "due: 0 steps between 2 rows",
		samples(`,"due":{"steps":[1,2]}`):                                       "due: 2 steps between 2 rows",
		samples(`,"due":{}`):                                                    "due: 0 steps between 2 rows",
		samples(`,"due":{"unit":-1,"steps":[1]}`):                               "due: unit -1",
		samples(`,"due":{"steps":[1.5]}`):                                       "cannot unmarshal number 1.5",
		samples(`,"due":{"steps":[9223372036854775808]}`):                       "cannot unmarshal number 9223372036854775808",
		samples(`,"due":[1,2]`):                                                 "cannot unmarshal array",
		samples(`,"due":{"steps":[1],"last":3}`):                                `unknown field "last"`,
		samples(`,"due_ns":{"steps":[1]}`):                                      `unknown field "due_ns"`,
		samples(`,"sent":{"from":[1]}`):                                         "sent: 1 entries for 2 rows",
		samples(`,"sent":{"unit":-3,"from":[1,2]}`):                             "sent: unit -3",
		samples(`,"done":{"from":[1,2,3]}`):                                     "done: 3 entries for 2 rows",
		samples(`,"status":{"words":[200],"rows":[0]}`):                         "status: 1 entries for 2 rows",
		samples(`,"status":{"words":[200],"rows":[0,1]}`):                       "status: row 2: word 1 of 1",
		samples(`,"status":{"words":[200],"rows":[-1,0]}`):                      "status: row 1: word -1 of 1",
		samples(`,"status":{"words":[200,500]}`):                                "status: 2 words and no rows",
		samples(`,"status":{}`):                                                 "status: 0 words and no rows",
		samples(`,"status":{"words":["200"]}`):                                  "cannot unmarshal string",
		samples(`,"outcome":{"words":["ok","fine"],"rows":[0,1]}`):              `row 2: unknown outcome "fine"`,
		samples(`,"nonce":["v1"]`):                                              "nonce: 1 entries for 2 rows",
		samples(`,"nonce":["v1","v"]`):                                          `nonce: row 2: "v" is no letter and number`,
		samples(`,"nonce":["v01",""]`):                                          `nonce: row 1: "v01" is no letter and number`,
		samples(`,"nonce":["v99999999999999999999",""]`):                        `is no letter and number`,
		samples(`,"nonce":["17",""]`):                                           `is no letter and number`,
		samples(``) + samples(``):                                               "invalid character '{' after",
		`{"k":"vitals","rows":2,"cpu_s":[1]}`:                                   "cpu_s: 1 entries for 2 rows",
		`{"k":"vitals","rows":2,"cpu_s":[1,2],"cpu_ns":{"steps":[1]}}`:          "cpu_s: 2 entries for 2 rows",
		`{"k":"receipts","rows":1,"event":{"words":["start"]}}`:                 "nonce: 0 entries for 1 rows",
		`{"k":"receipts","rows":1,"nonce":[""],"event":{"words":["start"]}}`:    `nonce: row 1: "" is no letter and number`,
		`{"k":"receipts","rows":1,"nonce":["=x"],"event":{"words":["middle"]}}`: `row 1: unknown receipt event "middle"`,
		`{"k":"sample","role":"victim","outcome":"ok"}`:                         `unknown kind "sample"`,
		`{"k":"vital","t":1}`:                                                   `unknown kind "vital"`,
		`{"k":"receipt","event":"start"}`:                                       `unknown kind "receipt"`,
	} {
		rec, err := decodeText(t, headV3+bootLine+line)
		if rec != nil || err == nil || !strings.HasPrefix(err.Error(), "line 3: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v; want line 3 and %q", line, err, want)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%d bytes of error: %s", len(err.Error()), err)
		}
	}
	// A record of an earlier version has no columns.
	for _, head := range []string{headLine, strings.Replace(headLine, "/v2", "/v1", 1)} {
		if _, err := decodeText(t, head+bootLine+columnLines[0]); err == nil || !strings.Contains(err.Error(), `line 3: unknown kind "samples"`) {
			t.Errorf("%s: %v", head, err)
		}
	}
}

// A record of the version before columns is read as it was.
func TestVersion2IsStillRead(t *testing.T) {
	rec, err := decodeText(t, strings.TrimSpace(headLine+bootLine)+"\n"+
		`{"k":"sample","role":"victim","seq":17,"nonce":"v17-9c1e","due":480000000,"sent":480081000,"done":482100000,"outcome":"ok","status":200,"pid":8}`,
		`{"k":"vital","t":500000000,"procs":2,"memory":-1,"cpu_s":0.21}`,
		`{"k":"receipt","t":4700000000,"nonce":"f0-31aa","fault":"wedge","pid":8,"tid":8,"event":"start"}`)
	want := &bench.Record{
		Head:     bench.Head{Schema: schemaV2},
		Boot:     bench.Boot{Ready: true, Seconds: 1, WorkersSeen: 1},
		Samples:  []bench.Sample{{Role: bench.RoleVictim, Seq: 17, Nonce: "v17-9c1e", Due: 480000000, Sent: 480081000, Done: 482100000, Outcome: bench.OK, Status: 200, PID: 8}},
		Vitals:   []bench.Vital{{T: 500000000, Procs: 2, Memory: -1, CPU: 0.21}},
		Receipts: []bench.Receipt{{T: 4700000000, Nonce: "f0-31aa", Fault: "wedge", PID: 8, TID: 8, Event: bench.ReceiptStart}},
	}
	if err != nil || !reflect.DeepEqual(rec, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, rec, want)
	}
}

// A short line can stand for thousands of rows: these are counted before there is room for
// them.
func TestRowsAreBounded(t *testing.T) {
	line := `{"k":"vitals","rows":4096}` + "\n"
	full := maxOf[kindVital] / maxRows
	rec, err := decodeText(t, strings.TrimSpace(headV3+bootLine+strings.Repeat(line, full)))
	if err != nil || len(rec.Vitals) != full*maxRows {
		t.Fatalf("%v", err)
	}
	want := fmt.Sprintf(`line %d: more "vital" entries than the %d`, full+3, maxOf[kindVital])
	if _, err := decodeText(t, headV3+bootLine+strings.Repeat(line, 100*full)); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v; want %s", err, want)
	}
	line = `{"k":"receipts","rows":4096,"nonce":["="` + strings.Repeat(`,"="`, 4095) + `],"event":{"words":["end"]}}` + "\n"
	d := decoder{rec: &bench.Record{}, head: true, words: map[string]string{}, count: map[string]int{}, rows: maxLines - 5000}
	d.rec.Head.Schema = bench.RecordSchema
	if err := d.line([]byte(line)); err != nil || len(d.rec.Receipts) != 4096 {
		t.Fatal(err)
	}
	if err := d.line([]byte(line)); err == nil || !strings.Contains(err.Error(), "more lines and rows than the 4000000") || len(d.rec.Receipts) != 4096 {
		t.Errorf("%d receipts, %v", len(d.rec.Receipts), err)
	}
}

// A record of a server under its usual load, as an attempt leaves it.
func regular(n int) *bench.Record {
	r := rand.New(rand.NewSource(1))
	rec := &bench.Record{Head: bench.Head{Schema: bench.RecordSchema, Seed: 3, Scenario: "wedge-1pct"}}
	names := bench.NoncesOf(3, "wedge-1pct")
	for i := range n {
		s := bench.Sample{Role: bench.RoleVictim, Seq: uint64(i), Nonce: names.Of("v", uint64(i)), Due: 480081123 + int64(i)*1e7, Outcome: bench.OK, Status: 200, PID: 8 + r.Intn(4)}
		s.Sent = s.Due + r.Int63n(1e6)
		s.Done = s.Sent + 1e6 + r.Int63n(3e6)
		rec.Samples = append(rec.Samples, s)
	}
	return rec.Settled()
}

// More rows than a line may have, rows with texts that fill a line, and their sizes.
func TestManyRows(t *testing.T) {
	f := newFolder(t)
	for name, rec := range map[string]*bench.Record{"many": regular(2*maxRows + 1), "long": regular(maxRows)} {
		lines := 3
		if name == "long" {
			lines = 8 // 2.5 MB
			for i := range rec.Samples {
				rec.Samples[i].Error = fmt.Sprintf("%d %s", i, strings.Repeat("x", 600))
			}
		}
		var b bytes.Buffer
		if err := encodeRecord(&b, rec); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), `{"k":"samples"`); got != lines && name == "many" || got < 3 || got > lines {
			t.Errorf("%s: %d lines of samples", name, got)
		}
		rel := "records/" + name + ".ndjson.gz"
		if err := f.WriteRecord(rel, rec); err != nil {
			t.Fatal(err)
		}
		if got, err := f.ReadRecord(t.Context(), rel); err != nil || !reflect.DeepEqual(got, rec) {
			t.Errorf("%s came back different: %v", name, err)
		}
	}
}

// A regular record takes a tenth of what its samples take as lines.
func TestRecordsAreSmall(t *testing.T) {
	rec := regular(3000)
	var text strings.Builder
	for i := range rec.Samples {
		text.WriteString(oldLine(t, kindSample, &rec.Samples[i]))
	}
	var b bytes.Buffer
	if err := encodeRecord(&b, rec); err != nil {
		t.Fatal(err)
	}
	if is, was := len(zipped(t, b.String())), len(zipped(t, text.String())); is*8 > was {
		t.Errorf("%d bytes, as lines %d", is, was)
	}
}

// Any numbers come back, also those that overflow when they are subtracted.
func TestColumnsWrapAround(t *testing.T) {
	edges := []int64{0, 1, -1, math.MinInt64, math.MaxInt64, math.MinInt64 + 1, 1 << 62, 4096}
	r := rand.New(rand.NewSource(1))
	for range 300 {
		rec := &bench.Record{Head: bench.Head{Schema: bench.RecordSchema}}
		for range 1 + r.Intn(4) {
			rec.Samples = append(rec.Samples, bench.Sample{
				Role: bench.RoleVictim, Outcome: bench.OK, Seq: uint64(pick(r, edges)), Due: pick(r, edges), Sent: pick(r, edges), Done: pick(r, edges),
				Bytes: pick(r, edges), Nonce: pick(r, []string{"", "v1", "=", "-", "v1-", "f0-123", "ü"}),
			})
			rec.Vitals = append(rec.Vitals, bench.Vital{T: pick(r, edges), Log: pick(r, edges), CPU: pick(r, []float64{0, 0.1, -0.5, 1e300, 5e-324, 123.456789012, 9007199254.740993})})
		}
		var b bytes.Buffer
		if err := encodeRecord(&b, rec); err != nil {
			t.Fatal(err)
		}
		if got, err := decodeText(t, strings.TrimSpace(b.String())); err != nil || !reflect.DeepEqual(got, rec) {
			t.Fatalf("%v\n got %+v\nwant %+v\n%s", err, got, rec, b.String())
		}
	}
}

// testdata/record.py reads a record with nothing but Python's standard library.
func TestRecordReadByPython(t *testing.T) {
	f := newFolder(t)
	rec := regular(maxRows + 10)
	names := bench.NoncesOf(3, "wedge-1pct")
	rec.Samples = append(rec.Samples,
		bench.Sample{Role: bench.RoleProvoker, Seq: 4, Nonce: names.Of("f", 4), Due: 5, Sent: 6, Outcome: bench.Cut, Bytes: 9, Text: "t", Promised: true, Part: "p", Idle: 3},
		bench.Sample{Role: bench.RoleAgeing, Seq: 1, Nonce: names.Of("a", 1), Due: 7, Done: 9, Outcome: bench.HeldOpen, Error: "e"},
		bench.Sample{Role: bench.RoleVictim, Seq: 1, Nonce: "odd", Due: 8, Outcome: bench.Unsent})
	rec.Vitals = []bench.Vital{{T: 1, Procs: 2, Threads: 3, FDs: 4, Zombies: 5, CloseWait: 6, Files: 7, Log: 8, Memory: 8192, CPU: 0.25, MemAvailable: 9, ListenOverflow: 1}, {T: 5, Memory: -1}}
	rec.Receipts = []bench.Receipt{{T: 3, Nonce: names.Of("f", 4), Fault: "wedge", PID: 8, TID: 9, Event: bench.ReceiptStart}, {T: 4, Nonce: "f4-x", Fault: "other", Event: bench.ReceiptEnd}}
	if err := f.WriteRecord("records/p.ndjson.gz", rec); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", filepath.Join("testdata", "record.py"), f.Join("records/p.ndjson.gz")).Output() //nolint:gosec // its own
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Samples  []bench.Sample
		Vitals   []bench.Vital
		Receipts []bench.Receipt
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Samples, rec.Samples) || !reflect.DeepEqual(got.Vitals, rec.Vitals) || !reflect.DeepEqual(got.Receipts, rec.Receipts) {
		t.Errorf("Python read %.3000s", out)
	}
}
