package results

import (
	"bytes"
	"compress/gzip"
	"errors"
	"math"
	"math/rand"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"benchrun/internal/bench"
)

// randomRecord fills every field with random values. Then it sets the words that records
// may contain, and nil for lists that would be omitted if empty.
func randomRecord(r *rand.Rand) *bench.Record {
	v, ok := quick.Value(reflect.TypeFor[bench.Record](), r)
	if !ok {
		panic("no random record")
	}
	rec := v.Interface().(bench.Record)
	rec.Head.Schema = bench.RecordSchema
	traits := []*bench.Traits{&rec.Head.Traits}
	for i := range rec.Head.Parts {
		traits = append(traits, &rec.Head.Parts[i].Traits)
	}
	for _, t := range traits {
		t.Proof = pick(r, []bench.Proof{bench.ProofReceipt, bench.ProofDeath, bench.ProofBytes, bench.ProofStay, bench.ProofSignal, bench.ProofParts})
		t.Expects = pick(r, []bench.Expects{"", bench.ExpectsDeath, bench.ExpectsRenewal})
	}
	roles := []bench.Role{bench.RoleVictim, bench.RoleControl, bench.RoleProvoker, bench.RoleAgeing, bench.RoleShutdown}
	outcomes := append([]bench.Outcome{bench.OK, bench.Unsent, bench.Completed, bench.Cut, bench.NoConnect, bench.HeldOpen}, bench.VictimLosses...)
	for i := range rec.Samples {
		rec.Samples[i].Role, rec.Samples[i].Outcome = pick(r, roles), pick(r, outcomes)
	}
	for i := range rec.Marks {
		rec.Marks[i].Name = pick(r, []bench.MarkName{bench.MarkBoot, bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault,
			bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd, bench.MarkCurtailed, bench.MarkBroken, bench.MarkRepaired, bench.MarkLogUnread})
	}
	for i := range rec.Procs {
		rec.Procs[i].Event = pick(r, []bench.ProcState{bench.Born, bench.Died})
	}
	for i := range rec.Receipts {
		rec.Receipts[i].Event = pick(r, []bench.ReceiptEvent{bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptThreadGone, bench.ReceiptProcessGone})
	}
	emptied(&rec.Head.Parts)
	emptied(&rec.Head.Target.OwnArgs)
	emptied(&rec.Head.Target.FrontCommand)
	emptied(&rec.Samples)
	emptied(&rec.Vitals)
	emptied(&rec.Procs)
	emptied(&rec.Receipts)
	emptied(&rec.Marks)
	emptied(&rec.Doubts)
	emptied(&rec.Boot.PIDs)
	return &rec
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.Intn(len(from))] }

func emptied[T any](s *[]T) {
	if len(*s) == 0 {
		*s = nil
	}
}

func newFolder(t testing.TB) *Folder {
	t.Helper()
	f, err := Create(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRecordComesBackAsItWas(t *testing.T) {
	f := newFolder(t)
	r := rand.New(rand.NewSource(1))
	for i := range 60 {
		rec := randomRecord(r)
		rel := f.RecordPath("gunicorn/default/wedge-1pct", i+1)
		if err := f.WriteRecord(rel, rec); err != nil {
			t.Fatal(err)
		}
		got, err := f.ReadRecord(t.Context(), rel)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, rec) {
			t.Fatalf("record %d came back different:\n got %+v\nwant %+v", i, got, rec)
		}
	}
	files, err := f.Records()
	if err != nil || len(files) != 60 {
		t.Fatalf("Records() gave %d files, %v; want 60", len(files), err)
	}
}

func TestRecordKeepsOddTextAndNumbers(t *testing.T) {
	f := newFolder(t)
	rec := &bench.Record{Head: bench.Head{Schema: bench.RecordSchema, Seed: math.MaxUint64}, Samples: []bench.Sample{{
		Role: bench.RoleVictim, Outcome: bench.Wrong, Due: math.MinInt64, Done: math.MaxInt64,
		Error: "<script>\u2028\x1b[31m \"quoted\" \n{\"k\":\"head\"}\x00",
	}}}
	if err := f.WriteRecord("records/odd.ndjson.gz", rec); err != nil {
		t.Fatal(err)
	}
	got, err := f.ReadRecord(t.Context(), "records/odd.ndjson.gz")
	if err != nil || !reflect.DeepEqual(got, rec) {
		t.Fatalf("got %+v, %v; want %+v", got, err, rec)
	}
}

func TestWriteRecordRefusesWhatCouldNotBeRead(t *testing.T) {
	f := newFolder(t)
	bad := map[string]bench.Record{
		"unknown role":          {Samples: []bench.Sample{{Role: "bystander", Outcome: bench.OK}}},
		"unknown outcome":       {Samples: []bench.Sample{{Role: bench.RoleVictim}}},
		"unknown mark":          {Marks: []bench.Mark{{Name: "lunch"}}},
		"unknown process event": {Procs: []bench.ProcEvent{{Event: "paused"}}},
		"unknown receipt event": {Receipts: []bench.Receipt{{Event: "middle"}}},
		"bytes is over":         {Boot: bench.Boot{LogTail: strings.Repeat("x", MaxLine)}},
		"unsupported value":     {Boot: bench.Boot{Seconds: math.NaN()}},
	}
	for want, rec := range bad {
		err := f.WriteRecord("records/bad.ndjson.gz", &rec)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("got error %v; want one with %q and its line", err, want)
		}
		var env *bench.EnvironmentError
		if errors.As(err, &env) {
			t.Errorf("%v is the machine's fault, but it is the caller's", err)
		}
	}
	if err := f.WriteRecord("../out.ndjson.gz", &bench.Record{}); err == nil {
		t.Error("a record outside the folder was written")
	}
	if left, err := f.Records(); err != nil || len(left) != 0 {
		t.Errorf("refused records left %v, %v", left, err)
	}
	good := &bench.Record{}
	if err := f.WriteRecord("records/good.ndjson.gz", good); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteRecord("records/good.ndjson.gz", good); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("a second record under one name gave %v", err)
	}
}

// The head of a record without columns, which still has to be read.
const headLine = `{"k":"head","schema":"benchrun.record/v2"}` + "\n"
const bootLine = `{"k":"boot","ready":true,"seconds":1,"workers_seen":1}` + "\n"

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadRecordIsStrict(t *testing.T) {
	whole := zipped(t, headLine+bootLine)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	cases := []struct{ name, want string }{
		{"empty", "not a gzip file"},
		{"plain", "not a gzip file"},
		{"cut", "line 3: the file breaks off here"},
		{"flipped", "invalid checksum"},
		{"trailed", "invalid header"},
		{headLine, `line 2: the record ends without a "boot" line`},
		{bootLine, `line 1: the first line is "boot", not "head"`},
		{headLine + headLine, `line 2: a second "head"`},
		{headLine + bootLine + bootLine, `line 3: a second "boot"`},
		{`{"k":"head","schema":"benchrun.record/v4"}`, `line 1: schema "benchrun.record/v4" is none of "benchrun.record/v3", "benchrun.record/v2" and "benchrun.record/v1"`},
		{`{"k":"head","schema":"benchrun.record/v2","traits":{"proof":"hearsay"}}`, `line 1: unknown proof "hearsay"`},
		{`{"k":"head","schema":"benchrun.record/v2","traits":{"expects":"nothing"}}`, `line 1: unknown expectation "nothing"`},
		{`{"k":"head"}`, `line 1: schema "" is none of`},
		{headLine + `{"k":"guess","t":1}`, `line 2: unknown kind "guess"`},
		{headLine + `{"t":1}`, `line 2: unknown kind ""`},
		{headLine + `{"k":"doubt","from":1,"to":2,"cause":"x","extra":1}`, `line 2: unknown field "extra"`},
		{headLine + `{"k":"vital","t":"soon"}`, `line 2: cannot unmarshal string`},
		{headLine + `{"k":"vital"} {"k":"vital"}`, `line 2: invalid character '{' after`},
		{headLine + "\n" + bootLine, `line 2: unexpected end of JSON input`},
		{headLine + `{"k":"sample","role":"victim","outcome":"fine"}`, `line 2: unknown outcome "fine"`},
		{headLine + `{"k":"boot","note":"` + strings.Repeat("x", MaxLine) + `"}`, "line 2: over the 1048576 bytes"},
	}
	special := map[string][]byte{
		"empty": nil, "plain": []byte(headLine), "cut": whole[:len(whole)-4], "flipped": flipped,
		"trailed": append(bytes.Clone(whole), "rubbish after the end"...),
	}
	for _, c := range cases {
		content, ok := special[c.name]
		if !ok {
			content = zipped(t, c.name)
		}
		f := &Folder{path: t.TempDir()}
		path := f.Join("r.ndjson.gz")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		rec, err := f.ReadRecord(t.Context(), "r.ndjson.gz")
		var usage *bench.UsageError
		if rec != nil || !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%.60q: got %v, %v; want a usage error with %q and the file", c.name, rec, err, c.want)
		}
	}
}

func TestReadRecordCutAnywhere(t *testing.T) {
	whole := zipped(t, headLine+bootLine+`{"k":"mark","t":1,"name":"baseline"}`+"\n")
	for n := range len(whole) {
		if rec, err := decodeRecord(bytes.NewReader(whole[:n])); err == nil {
			t.Fatalf("the first %d of %d bytes read as %+v", n, len(whole), rec)
		}
	}
	if _, err := decodeRecord(bytes.NewReader(whole)); err != nil {
		t.Fatal(err)
	}
}

func TestReadRecordOutsideTheFolder(t *testing.T) {
	f := newFolder(t)
	for _, rel := range []string{"../../etc/passwd", "/etc/passwd", ""} {
		var usage *bench.UsageError
		if _, err := f.ReadRecord(t.Context(), rel); !errors.As(err, &usage) {
			t.Errorf("ReadRecord(%q) gave %v", rel, err)
		}
	}
	var usage *bench.UsageError
	if _, err := f.ReadRecord(t.Context(), "records/none.ndjson.gz"); !errors.As(err, &usage) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing record gave %v", err)
	}
}

// FuzzDecodeRecord: for any lines, the reader returns either a record that can be written and
// read again, or an error that names the line.
func FuzzDecodeRecord(f *testing.F) {
	f.Add(headLine + bootLine)
	f.Add(headLine + bootLine + `{"k":"stop","term":1,"exit":{"code":3}}`)
	for _, line := range columnLines {
		f.Add(headV3 + bootLine + line)
	}
	f.Add(headLine + `{"k":"sample","role":"control","outcome":"late","seq":18446744073709551615}` + "\n" + bootLine)
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := decodeRecord(bytes.NewReader(zipped(t, text)))
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Fatalf("error without a line: %v", err)
			}
			return
		}
		var b bytes.Buffer
		if err := encodeRecord(&b, rec); err != nil {
			t.Fatal(err)
		}
		again, err := decodeRecord(bytes.NewReader(zipped(t, b.String())))
		if err != nil {
			t.Fatal(err)
		}
		var second bytes.Buffer
		if err := encodeRecord(&second, again); err != nil || second.String() != b.String() {
			t.Fatalf("%v\n got %s\nwant %s", err, second.String(), b.String())
		}
	})
}

func BenchmarkReadRecord(b *testing.B) {
	f := newFolder(b)
	rec := &bench.Record{}
	for i := range 5000 {
		rec.Samples = append(rec.Samples, bench.Sample{Role: bench.RoleVictim, Seq: uint64(i), Nonce: "v17-9c1e",
			Due: int64(i) * 1e7, Sent: int64(i)*1e7 + 1, Done: int64(i)*1e7 + 2, Outcome: bench.OK, Status: 200, PID: 8})
	}
	if err := f.WriteRecord("records/b.ndjson.gz", rec); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := f.ReadRecord(b.Context(), "records/b.ndjson.gz"); err != nil {
			b.Fatal(err)
		}
	}
}

// A mix keeps its parts, and what a reader would not understand of them is refused.
func TestRecordOfAMix(t *testing.T) {
	f := newFolder(t)
	mix := func(proof bench.Proof) *bench.Record {
		return &bench.Record{
			Head: bench.Head{
				Schema: bench.RecordSchema, Traits: bench.Traits{Proof: bench.ProofParts}, Ratio: 2000, Aged: 3,
				Parts: []bench.Part{
					{Family: "wedge", FamilyVer: 1, Ratio: 1000, Traits: bench.Traits{Receipt: "wedge", Proof: bench.ProofReceipt, Holds: bench.UntilEnded}, Aged: 3},
					{Family: "slow-upload", FamilyVer: 2, Ratio: 1000, Traits: bench.Traits{Proof: proof, Bytes: &bench.Pace{Least: 1}}},
				},
			},
			Samples: []bench.Sample{{Role: bench.RoleProvoker, Outcome: bench.Cut, Part: "wedge"}, {Role: bench.RoleVictim, Outcome: bench.OK}},
		}
	}
	rec := mix(bench.ProofBytes)
	if err := f.WriteRecord("records/mix.ndjson.gz", rec); err != nil {
		t.Fatal(err)
	}
	got, err := f.ReadRecord(t.Context(), "records/mix.ndjson.gz")
	if err != nil || !reflect.DeepEqual(got, rec) {
		t.Errorf("got %+v, %v; want %+v", got, err, rec)
	}
	if err := f.WriteRecord("records/odd.ndjson.gz", mix("hearsay")); err == nil || !strings.Contains(err.Error(), `unknown proof "hearsay"`) {
		t.Errorf("a part proved by hearsay: %v", err)
	}
}
