package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request in which the app asks its process to exit.
var _ = register(63, Fault{
	Family: bench.Family{
		ID: "system-exit", Version: 1, Group: bench.GroupApp,
		Title: "some requests end in SystemExit",
		Why: "A library thinks that it is a command and calls sys.exit(), or an argument parser meets an argument that it does not know. " +
			"That raises an exception too, but not one that `except Exception` catches: it passes by what a server does at the end of " +
			"a request. The thread may be gone, or the connection stay busy for good; or the process ends with a code of the app's choice, " +
			"which has a meaning for the master.",
		Good: "answers with status 500, or loses that request with its worker and puts a new one in its place. No client is left waiting, no slot is lost, " +
			"and nobody else notices.",
		Magnitude:  "calls sys.exit(3), which raises SystemExit; the client must get an answer or the end of its connection",
		References: []string{"googleapis/storage-testbench#67", "benoitc/gunicorn#2965", "andrewlalis/handy-httpd#19"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "system-exit"},
		Traits: bench.Traits{
			Receipt:   "system-exit",
			Proof:     bench.ProofReceipt,
			BreaksOff: true,
			Noun:      bench.Words{"exit", "exits"}, Did: bench.Words{"request ended in SystemExit", "requests ended in SystemExit"},
		},
		Sound: "default", Flaw: "stops-on-exit",
		Flaws: []bench.Planted{{Profile: "freezes-on-exit"}, {Profile: "hangs-on-exit", Shows: bench.CutHidden}},
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("system-exit", clients.VictimSize) },
	Exactly: "calls `sys.exit(3)`, which raises `SystemExit`, and nothing in the app catches it. `builtin`: asks its worker to end with code 3, after the end receipt. Any status but " +
		"2xx is right, and so is the end of the connection; a client that is left waiting is not",
	Script: Script{Client: `client = socket.create_connection(("127.0.0.1", PORT), 5)
client.sendall(b"GET /fault HTTP/1.0\r\n\r\n")
try: return not client.recv(99).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
except ConnectionError: return True
except OSError: return False  # it is left waiting`},
	Searched: []string{"SystemExit", "sys.exit", "hang", "connection refused", "ECONNREFUSED"},
	Light:    true,
})
