package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// racePatience is how long a client waits for the server to close its connections. It
// leaves the server some of the bench.VanishLimit to let go of them.
const racePatience = 25 * time.Second

// A kept connection that is reused just when the server's idle timeout ends.
var _ = register(81, Fault{
	Family: bench.Family{
		ID: "keepalive-race", Version: 2, Group: bench.GroupClient,
		Title: "kept connections are reused just when their idle timeout ends",
		Why: "A load balancer and the server behind it both close kept connections that stay idle. If a request comes just then, the two cross: the client sends, " +
			"and the server closes. HTTP/1.1 cannot prevent that, but a client may send such a request again only if the server has not begun it. A server whose " +
			"idle timer goes on while a request runs, or which closes without a look at what has arrived, cuts requests that have done their work: a 502 now " +
			"and then, an order that is placed twice.",
		Good: "stops its idle timer when the first byte of a request arrives, and answers every request that it has begun; a connection that it closes, it closes before it reads the request.",
		Magnitude: "a pair of connections each second; when the server closes the first of a pair, a request of 0.3 s goes out on the second, from 100 ms before " +
			"the end of its idle timeout to 50 ms after it",
		References: []string{"eclipse-ee4j/glassfish#21551", "aio-libs/aiohttp#9138", "benoitc/gunicorn#1698", "fleetdm/fleet#51461"},
		Cadence:    bench.Cadence{Every: time.Second},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Reuses: "sleep", Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"kept connection", "kept connections"}, Did: bench.Words{"connection was to be reused", "connections were to be reused"},
		},
		Sound: "default", Flaw: "idle-timer-runs-on",
		FlawShows: bench.CutInFlight,
	},
	Act: func(Place) clients.Provoker {
		const ms = time.Millisecond
		return clients.Race(150*ms, racePatience, -100*ms, 0, -50*ms, 5*ms, -20*ms, 20*ms, -5*ms, 50*ms)
	},
	Request: "GET /victim",
	Exactly: "two connections that are each kept after a request for `/victim`, the second 150 ms after the first. When the server has closed the first, a request for " +
		"`/sleep?ms=300` on the second, when it has been idle for as long as the first was, less 100, 50, 20 or 5 ms, or more 0, 5, 20 or 50 ms, in turn; unless the " +
		"server has closed that one too. If the server has closed none for 25 s, the client closes both. A profile may lower the server's idle timeout for this family's cells",
	Script: Script{
		App: `open(__file__ + ".begun", "a").write(environ["QUERY_STRING"] + "\n"); time.sleep(0.3)`,
		Client: `first, at = keep_open(), time.monotonic()
time.sleep(0.15)
second, since = keep_open(), time.monotonic()
if not select.select([first], [], [], 25)[0]: return  # the server closes none
end = since + time.monotonic() - at + OFFSETS[len(pairs) % 8]
pairs.append(end)
time.sleep(max(0, end - time.monotonic()))
if select.select([second], [], [], 0)[0]: return  # it has closed this one too
reused.append(end)
try: whole = answer_of(second, b"GET /fault?%r HTTP/1.1\r\nHost: localhost\r\n\r\n" % end, 5)[1] == b"ok"
except Exception: whole = False
if not whole and repr(end) in open("app.py.begun").read().split(): cut.append(end)`,
	},
	Searched: []string{"keep-alive", "keep-alive timeout", "502", "connection reset", "idle timeout", "reset", "connection reset by peer", "ECONNRESET", "RST", "bad gateway", "lost connection"},
})
