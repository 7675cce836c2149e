package repro

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// TestMain lets all parallel tests run at once: they mostly wait.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// scriptFor writes a script for a family on a stock server, with the server's own command
// line and few seconds of faults.
func scriptFor(t *testing.T, id, server, version string, command ...string) string {
	t.Helper()
	return scriptAbout(t, id, "", server, version, command...)
}

// scriptAbout is scriptFor of a cell that failed for a reason; "" = for one of its family.
func scriptAbout(t *testing.T, id, reason, server, version string, command ...string) string {
	t.Helper()
	f, ok := scenarios.Family(id)
	if !ok {
		t.Fatalf("no family %s", id)
	}
	text, err := Script(t.Context(), found(t, f, server, version, func(c *bench.Cell, r *bench.Record) {
		if c.Reasons[0] = failing(f.Traits) + ": " + c.Reasons[0]; reason != "" {
			c.Reasons[0] = reason
		}
		r.Head.Target.Claims.Grace = 30
		r.Head.Target.Command, r.Head.Phases.Fault, r.Head.Aged = command, 4*time.Second, 0
	}), registry(t))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// bash prepares a script with a folder of its own for what it makes.
func bash(t *testing.T, text string, args ...string) (cmd *exec.Cmd, folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.Chmod(filepath.Dir(folder), 0o711); err != nil { // the server may run as nobody
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), "bash", append([]string{file}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder)
	return cmd, folder
}

// leavesNothing checks that a script has removed its files and ended its processes, which
// all have its folder in their command lines.
func leavesNothing(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left in its folder: %v, %v", left, err)
	}
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(all) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, at := range all {
		if line, err := os.ReadFile(at); err == nil && strings.Contains(string(line), folder) {
			t.Errorf("%s is left: %q", at, line)
		}
	}
}

var (
	gunicorn = []string{"{env}/bin/python", "-m", "gunicorn", "--bind", "127.0.0.1:21234", "app:application"}
	waitress = []string{"{env}/bin/python", "-m", "waitress", "--host=127.0.0.1", "--port=21234", "--threads=64", "app:application"}
	wsgiref  = []string{"/usr/bin/python3", "-c", "from wsgiref.simple_server import make_server\nfrom app import application\nmake_server(\"127.0.0.1\", 21234, application).serve_forever()"}
)

// keeps is a server that keeps connections for a second after each answer. It leaves the
// length of an answer to the app. Where flawed, the second goes on while a request runs.
func keeps(flawed bool) []string {
	stop := "\n        if timer.finished.is_set(): return client.close()\n        timer.cancel()"
	if flawed {
		stop = ""
	}
	return []string{"/usr/bin/python3", "-c", `import socket, threading
from app import application
def serve(client):
    timer, data = threading.Timer(30, client.shutdown, [2]), b""
    while True:
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more: return client.close()
            data += more
        head, _, data = data.partition(b"\r\n\r\n")` + stop + `
        path, _, query = head.split()[1].decode().partition("?")
        lines = []
        body = b"".join(application({"PATH_INFO": path, "QUERY_STRING": query}, lambda status, headers: lines.extend(headers)))
        client.sendall("\r\n".join(["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in lines), "", ""]).encode() + body)
        timer = threading.Timer(1, client.shutdown, [2])
        timer.start()
listener = socket.create_server(("127.0.0.1", 21234), backlog=1024)
while True: threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()`}
}

// real is a script that runs a real server.
type real struct {
	family, server, version string
	command, args           []string
	want                    int // exit code
	says                    []string
	reason                  string // for which the cell failed; "" = one of its family
}

// The scripts see real servers fail, and see nothing where a server is sound: with a fault
// of the app, an act on the server, and requests that must get their answers.
func TestMeasuredScriptsShowTheFailureAndOnlyThat(t *testing.T) {
	runAll(t, []real{
		{"wedge", "gunicorn", "27.0.1", gunicorn, []string{"gunicorn==23.0.0"}, 1, []string{"gunicorn==23.0.0\n", "\nexpected: at least 98 %", "the failure shows"}, ""}, // not the version that was measured
		{"graceful-stop", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"gunicorn==27.0.1\n", "0.1 s or more before the signal", "the failure shows"}, ""},
		{"garbage", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"\nexpected: at least 98 %", "whatever whole text is sent", "the failure shows"}, ""},
		{"keepalive-race", "wsgiref", "3", keeps(true), nil, 1, []string{"at most one gets no right answer although the app had begun it", "the failure shows"}, ""},
		{"keepalive-race", "wsgiref", "3", keeps(false), nil, 0, []string{"the failure does not show"}, ""},
		{"short-body", "wsgiref", "3", keeps(false), nil, 1, []string{"can tell that it is not whole", "the failure shows"}, ""},
		{"short-body", "gunicorn", "27.0.1", gunicorn, nil, 0, []string{"the failure does not show"}, ""},
		{"big-response", "waitress", "3.0.2", waitress, nil, 0, []string{"expected: a right answer to at least 38 of 40 honest requests", "the failure does not show"}, ""},
	})
}

// With a real PostgreSQL: what an app of it does holds up a server that has one slot, and no
// server that has room. They do not run beside those above, so that the processors do for all.
func TestMeasuredScriptsWithADatabase(t *testing.T) {
	t.Parallel()
	runAll(t, []real{
		{"db-lock", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"% of 400\n", "actual:   they are\n", "the failure shows"}, ""},
		{"db-stall", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"actual:   they are\n", "the failure shows"}, ""},
		{"db-stall", "waitress", "3.0.2", waitress, nil, 0, []string{"actual:   they are\n", "the failure does not show"}, ""},
		{"db-restart", "wsgiref", "3", keeps(false), nil, 0, []string{"at least 1 of 1 honest requests beside them\nactual:   to 1\n", "the failure does not show"}, ""},
		{"pool-drain", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"the failure shows"}, ""},
	})
}

// refuses is a server that takes no bodies, and says so.
var refuses = []string{"/usr/bin/python3", "-c", `from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.answer(200, b"ok")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(413, b"too large")
    def log_message(self, *args): pass
ThreadingHTTPServer.request_queue_size = 1024
ThreadingHTTPServer(("127.0.0.1", 21234), Handler).serve_forever()`}

// What a cell failed for besides lost victims is seen too, and where it is not so, it is not seen.
func TestMeasuredScriptsLookAtTheReason(t *testing.T) {
	t.Parallel()
	runAll(t, []real{
		{"large-upload", "wsgiref", "3", refuses, nil, 0, []string{"or a refusal with status 411, 413 or 417, to at least 3 of 4 honest requests beside them\nactual:   to 4\n"}, "honest requests lost: 4 of 4"},
		{"exception-midstream", "wsgiref", "3", keeps(false), nil, 1, []string{"actual:   of 0 of 4\n"}, "close() not called: for 4 of 4 broken answers"},
		{"exception-midstream", "gunicorn", "27.0.1", gunicorn, nil, 0, []string{"actual:   of 4 of 4\n"}, "close() not called: for 4 of 4 broken answers"},
		{"sigkill", "wsgiref", "3", keeps(false), nil, 1, []string{"actual:   0, and before there were 1\n"}, "workers not replaced: 1 of 1 that died"},
		{"graceful-stop", "wsgiref", "3", keeps(false), nil, 0, []string{"its port can be bound again\nactual:   it can\n"}, "not stopped in order: its port could not be bound again"},
		{"boot-crash", "gunicorn", "27.0.1", gunicorn, nil, 1, []string{"with another exit code than 0\nactual:   it ended with 3\n"}, "broken app not refused: it serves"},
	})
}

// runAll runs scripts and looks at what they see, and at what they leave. They wait most of
// the time, so all run at once.
func runAll(t *testing.T, all []real) {
	t.Helper()
	cmds, folders, outs := make([]*exec.Cmd, len(all)), make([]string, len(all)), make([]bytes.Buffer, len(all))
	for i, c := range all {
		cmds[i], folders[i] = bash(t, scriptAbout(t, c.family, c.reason, c.server, c.version, c.command...), c.args...)
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], &outs[i]
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range all {
		err := cmds[i].Wait()
		t.Run(c.family+" "+c.server, func(t *testing.T) {
			if got := cmds[i].ProcessState.ExitCode(); got != c.want {
				t.Errorf("exit code %d, %v, want %d", got, err, c.want)
			}
			t.Logf("%s", outs[i].String())
			for _, says := range append(c.says, "\nactual:   ") {
				if !strings.Contains("\n"+outs[i].String(), says) {
					t.Errorf("it does not say %q", says)
				}
			}
			leavesNothing(t, folders[i])
		})
	}
}

// A script that cannot try says so, and one that is interrupted ends what it started.
func TestMeasuredScriptThatDoesNotFinish(t *testing.T) {
	t.Parallel()
	t.Run("the server ends", func(t *testing.T) {
		t.Parallel()
		cmd, folder := bash(t, scriptFor(t, "wedge", "wsgiref", "3", "/usr/bin/python3", "-c", "import os; print('no luck, user', os.getuid(), 'port', 21234)"))
		out, _ := cmd.CombinedOutput()
		user := os.Getuid()
		if user == 0 {
			user = 65534 // some servers refuse to be root
		}
		if cmd.ProcessState.ExitCode() != 125 || !strings.Contains(string(out), fmt.Sprintf("no luck, user %d port", user)) {
			t.Errorf("exit code %d, want 125, and user %d:\n%s", cmd.ProcessState.ExitCode(), user, out)
		}
		leavesNothing(t, folder)
	})
	t.Run("nothing can be installed", func(t *testing.T) {
		t.Parallel()
		cmd, folder := bash(t, scriptFor(t, "wedge", "wsgiref", "3", wsgiref...))
		cmd.Env = append(cmd.Env, "PYTHON=false")
		if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 125 {
			t.Errorf("exit code %d", cmd.ProcessState.ExitCode())
		}
		leavesNothing(t, folder)
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		cmd, folder := bash(t, scriptFor(t, "wedge", "wsgiref", "3", wsgiref...))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			if logs, _ := filepath.Glob(filepath.Join(folder, "*", "log")); len(logs) > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the server was not started within a minute")
			}
		}
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("%v, want exit code 130", err)
		}
		leavesNothing(t, folder)
	})
}

// Clients that wait in a full queue leave with the others: they do not connect later, when
// the server has room again and must serve as before.
func TestClientsThatWaitToConnectLeaveToo(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"fd-limit", "idle-connections"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			family, _ := scenarios.ByID(id)
			code := `import socket, threading, time
server = socket.create_server(("127.0.0.1", 0), backlog=1)
PORT, held = server.getsockname()[1], []
def misbehave():
    ` + strings.ReplaceAll(family.Script.Client, "\n", "\n    ") + `
for _ in range(10): threading.Thread(target=misbehave, daemon=True).start()
time.sleep(0.5)
held.clear()
server.settimeout(4)  # the kernel repeats what it asks for after 1 s and 3 s
stay = []
try:
    while True:
        stay.append(server.accept()[0])
        stay[-1].settimeout(0.5)
except TimeoutError: pass
def is_open(client):
    try: return client.recv(1) != b""
    except TimeoutError: return True
    except OSError: return False
print(len(stay), sum(map(is_open, stay)))
`
			out, err := exec.CommandContext(t.Context(), "python3", "-c", code).CombinedOutput()
			var came, stay int
			if _, bad := fmt.Sscan(string(out), &came, &stay); err != nil || bad != nil || came == 0 || stay > 0 {
				t.Errorf("of %d clients that came, %d stay: %v\n%s", came, stay, err, out)
			}
		})
	}
}
