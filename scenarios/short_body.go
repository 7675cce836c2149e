package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose answer is shorter than it says.
var _ = register(60, Fault{
	Family: bench.Family{
		ID: "short-body", Version: 1, Group: bench.GroupApp,
		Title: "some answers are shorter than the Content-Length that the app gave",
		Why: "The app counts characters where it should count bytes, or the file that it sends has been cut meanwhile. The answer ends " +
			"before its Content-Length does, and the client waits for the rest. If the server keeps the connection, the next answer on " +
			"it is taken for that rest: a client gets what was meant for another request, and a proxy may keep it in its cache. HTTP leaves the " +
			"server one way out: it must end the connection.",
		Good:       "ends the connection after what there is, so that the client can tell, and nobody else notices.",
		Magnitude:  "a Content-Length of 2,048 bytes and 1,024 bytes of body; another request is already waiting on the connection",
		References: []string{"twisted/twisted#3618", "jamesroberts/fastwsgi#32"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "short-body"},
		Traits: bench.Traits{
			Receipt:   "short-body",
			Proof:     bench.ProofReceipt,
			BreaksOff: true,
			Noun:      bench.Words{"short answer", "short answers"},
		},
		Sound: "default", Flaw: "pads-answers",
		FlawShows: bench.CutHidden,
	},
	Act: func(Place) clients.Provoker { return clients.ShortBody("short-body") },
	Exactly: "an answer with a Content-Length of 2,048 whose body has 1,024 bytes. The client offers to keep the connection, and has sent a request for `/victim` " +
		"right behind the first one. It must be able to tell that the answer is not whole: nothing may fill it up",
	Script: Script{
		App:    `start_response("200 OK", [("Content-Length", "2048")]); return [b"x" * 1024]`,
		Client: "return can_tell(2 * b\"GET /fault HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\")  # the second one may not fill up the first one's answer",
	},
	Searched: []string{"Content-Length mismatch", "truncated response", "response desync", "unexpected EOF", "upstream prematurely closed connection"},
	PairSent: true,
	Light:    true,
})
