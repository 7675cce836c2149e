package targets

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const appASGI AppKind = "asgi"

// asks defines ask(path, *messages): what the app sends for a request, and how it ends.
const asks = `
import app, asyncio
async def ask(path, *messages, method="GET"):
    sent, waiting = [], list(messages)
    async def receive():
        if waiting: return waiting.pop(0)
        await asyncio.Event().wait()
    async def send(message): sent.append(message)
    target, _, query = path.partition("?")
    try:
        await app.application({"type": "http", "method": method, "path": target, "query_string": query.encode()}, receive, send)
    except BaseException as error:
        sent.append(error)
    return sent
`

// An exception leaves the app as it is raised, and what the event loop does not catch ends it.
func TestASGIExceptions(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, appASGI, asks+`
for name in "exception", "broken-pipe", "exception-midstream":
    *sent, error = asyncio.run(ask("/fault/" + name + "?nonce=f1"))
    print(len(sent), type(error).__name__, *error.args)
try:
    asyncio.run(app.application({"type": "http", "method": "GET", "path": "/fault/system-exit", "query_string": b"nonce=f1"}, None, None))
except SystemExit as error:
    print("SystemExit", error.code)`)
	want := "0 RuntimeError the app's own error\n0 BrokenPipeError 32 Broken pipe\n2 RuntimeError the app's own error\nSystemExit 3"
	if strings.TrimSpace(out) != want || len(receipts) != 8 || receipts[7].Event != "end" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

// A sleep is as long as asked even if the event loop's timers end a millisecond early, as those
// of uvloop may.
func TestASGISleepsLongEnough(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, appASGI, asks+`
class Early(asyncio.SelectorEventLoop):
    def call_later(self, delay, *args, **named):
        return super().call_later(max(delay - 0.001, 0), *args, **named)
loop = Early()
for path in "/sleep?ms=5&nonce=s1", "/fault/slow?nonce=s1", "/fault/legit-slow?nonce=s1":
    print(len(loop.run_until_complete(ask(path))))`)
	if strings.Join(strings.Fields(out), " ") != "2 2 2" || len(receipts) != 6 {
		t.Fatalf("printed %q, receipts %+v", out, receipts)
	}
	for i, asked := range []time.Duration{5 * time.Millisecond, time.Second, 1500 * time.Millisecond} {
		if slept := time.Duration(receipts[2*i+1].T - receipts[2*i].T); slept < asked {
			t.Errorf("%s: %v, want at least %v", receipts[2*i].Fault, slept, asked)
		}
	}
}

// A task that the server cancels runs its finally.
func TestASGICancelledWedge(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, appASGI, asks+`
async def main():
    for name in "wedge", "wedge-midstream":
        task = asyncio.ensure_future(ask("/fault/" + name + "?nonce=f1"))
        await asyncio.sleep(0.05)
        print(task.done(), end=" ")
        task.cancel()
        sent = await task
        print(len(sent) - 1, type(sent[-1]).__name__)
asyncio.run(main())`)
	if want := "False 0 CancelledError\nFalse 2 CancelledError"; strings.TrimSpace(out) != want || len(receipts) != 4 || receipts[1].Event != "end" || receipts[3].Event != "end" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

// A body comes in pieces, or breaks off: then nobody is left who could take an answer.
func TestASGIReadsABodyToItsEnd(t *testing.T) {
	t.Parallel()
	out, _ := runWithApp(t, appASGI, asks+`
import json
def body(n, more): return {"type": "http.request", "body": b"x" * n, "more_body": more}
for messages in [body(7, True), body(0, True), body(3, False)], [{"type": "http.request"}], [body(7, True), {"type": "http.disconnect"}]:
    sent = asyncio.run(ask("/upload?nonce=u", *messages, method="POST"))
    print(json.loads(sent[-1]["body"])["bytes"] if sent else None)`)
	if got := strings.Join(strings.Fields(out), " "); got != "10 0 None" {
		t.Errorf("bytes read: %q", got)
	}
}

// The app promises half as many bytes as it gives.
func TestASGILongBody(t *testing.T) {
	t.Parallel()
	out, receipts := runWithApp(t, appASGI, asks+`
start, end = asyncio.run(ask("/fault/long-body?nonce=f1"))
print(dict(start["headers"])[b"content-length"], len(end["body"]), end["more_body"])`)
	if strings.TrimSpace(out) != "b'1024' 2048 False" || len(receipts) != 2 || receipts[0].Fault != "long-body" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

// The endless answer ends when its client leaves, as the server says.
func TestASGIStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	out, _ := runWithApp(t, appASGI, asks+`
sent = asyncio.run(ask("/stream?nonce=s", {"type": "http.request"}, {"type": "http.disconnect"}))
print([len(m.get("body", b"")) for m in sent][1:], sent[-1]["more_body"])`)
	if got := strings.TrimSpace(out); got != "[1024, 0] False" {
		t.Errorf("sent %q", got)
	}
}

// Both messages of a lifespan are answered, and no other protocol is.
func TestASGILifespan(t *testing.T) {
	t.Parallel()
	out, _ := runWithApp(t, appASGI, `
import app, asyncio
messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
async def receive(): return messages.pop(0)
async def send(message): print(message["type"])
asyncio.run(app.application({"type": "lifespan"}, receive, send))
try:
    asyncio.run(app.application({"type": "websocket"}, receive, send))
except ValueError as error:
    print(error)`)
	if want := "lifespan.startup.complete\nlifespan.shutdown.complete\nbenchrun's app does not speak websocket"; strings.TrimSpace(out) != want {
		t.Errorf("printed %q", out)
	}
}

// What breaks off in the middle has sent its first block by then.
func TestASGIBreaksOff(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"exception-midstream": io.ErrUnexpectedEOF, "wedge-midstream": context.DeadlineExceeded, "crash-midstream": io.ErrUnexpectedEOF} {
		a := serveApp(t, appASGI)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/fault/"+name+"?nonce=m1", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := a.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		cancel()
		if !errors.Is(err, want) || string(body) != strings.Repeat("m1\n", 342)[:1024] {
			t.Errorf("%s: %d bytes, %v; want the first block and %v", name, len(body), err, want)
		}
	}
}
