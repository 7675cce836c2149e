package targets

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppReadsAChunkedBodyToItsEnd(t *testing.T) {
	t.Parallel()
	// A server that decodes chunks passes on a stream that ends, without a length.
	out, _ := runWithApp(t, AppWSGI, `
import app, io, json
body = b"x" * 200_000
class Short(io.BytesIO):
    def read(self, n): return super().read(min(n, 1000))  # as a socket may
for more in {"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "200000"}, {"CONTENT_LENGTH": "150000"}, {"CONTENT_LENGTH": ""}:
    env = {"REQUEST_METHOD": "POST", "PATH_INFO": "/upload", "QUERY_STRING": "nonce=u", "wsgi.input": Short(body), **more}
    print(json.loads(app.application(env, lambda status, headers: None)[0])["bytes"])`)
	if got := strings.Fields(out); strings.Join(got, " ") != "200000 200000 150000 0" {
		t.Errorf("bytes read: %v, want 200000 200000 150000 0", got)
	}
}

// The fault comes in place of the second block, and close() writes the end receipt.
func TestAppBreaksOff(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, AppWSGI, `
import app, os
def ask(name):
    headers = []
    body = app.application({"REQUEST_METHOD": "GET", "PATH_INFO": "/fault/" + name, "QUERY_STRING": "nonce=f1"}, lambda *a: headers.extend(a))
    print(headers[0], "Content-Length" in dict(headers[1]), len(next(body)), flush=True)
    return body
body = ask("exception-midstream")
try:
    next(body)
except RuntimeError:
    print("raised", flush=True)
body.close()
if os.fork() == 0:
    next(ask("crash-midstream"))
print(os.waitstatus_to_exitcode(os.wait()[1]))`)
	want := "200 OK False 1024\nraised\n200 OK False 1024\n-11"
	if strings.TrimSpace(out) != want || len(receipts) != 3 {
		t.Fatalf("printed %q, receipts %+v", out, receipts)
	}
	for i, event := range []string{"start", "end", "start"} {
		if receipts[i].Event != event {
			t.Errorf("receipt %d is %+v, want a %s", i, receipts[i], event)
		}
	}
}

// Exceptions leave the app as they are raised.
func TestAppExceptions(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, AppWSGI, `
import app
for name in "exception", "broken-pipe", "system-exit":
    try:
        app.application({"REQUEST_METHOD": "GET", "PATH_INFO": "/fault/" + name, "QUERY_STRING": "nonce=f1"}, print)
    except BaseException as error:
        print(type(error).__name__, *error.args)`)
	if want := "RuntimeError the app's own error\nBrokenPipeError 32 Broken pipe\nSystemExit 3"; strings.TrimSpace(out) != want || len(receipts) != 6 || receipts[5].Event != "end" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

// runWithApp runs a Python script in a folder with the app, and returns its output and
// the receipts.
func runWithApp(t *testing.T, kind AppKind, script string) (string, []receipt) {
	t.Helper()
	py, err := RunProgram(supervised).chooseInterpreter(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	receipts := filepath.Join(dir, "receipts.ndjson")
	if err := WriteApp(&Server{Name: "toy", App: kind}, dir, "tok", receipts); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), py.path, "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out), readReceipts(t, receipts)
}

func TestAppTellsTheTrueThreadInAForkedWorker(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, AppWSGI, `
import app, os, threading
def tell():
    app.misbehave("n", "nap", lambda: None)
    print(os.readlink("/proc/thread-self"), flush=True)
threading.current_thread().native_id  # now it is cached
if os.fork() == 0:
    tell()
    t = threading.Thread(target=tell); t.start(); t.join()
    os._exit(0)
os.wait()`)
	if len(receipts) != 4 {
		t.Fatalf("receipts: %+v, want 4", receipts)
	}
	for i, link := range strings.Fields(out) {
		if r := receipts[2*i]; fmt.Sprintf("%d/task/%d", r.PID, r.TID) != link {
			t.Errorf("receipt %+v, but the kernel says %s", r, link)
		}
	}
	if r := receipts; r[0].TID != r[0].PID || r[2].TID == r[2].PID || r[0].PID != r[2].PID {
		t.Errorf("want the main thread of the child, then another one of it: %+v", r)
	}
}

func TestAppWritesTheEndReceiptOfABrokenWedge(t *testing.T) {
	out, receipts := runWithApp(t, AppWSGI, `
import app, signal
def abort(*_): raise SystemExit(1)
signal.signal(signal.SIGALRM, abort)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    app.misbehave("n", "wedge", app.fault_wedge)
except SystemExit:
    print("broken")`)
	if strings.TrimSpace(out) != "broken" || len(receipts) != 2 || receipts[1].Event != "end" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

// The app promises half as many bytes as it gives.
func TestAppLongBody(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, AppWSGI, `
import app
body = app.application({"REQUEST_METHOD": "GET", "PATH_INFO": "/fault/long-body", "QUERY_STRING": "nonce=f1"}, lambda _, headers: print(dict(headers)["Content-Length"]))
print(len(b"".join(body)))`)
	if strings.TrimSpace(out) != "1024\n2048" || len(receipts) != 2 || receipts[0].Fault != "long-body" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}
