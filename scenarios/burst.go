package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A backlog's worth of requests at once.
var _ = register(320, Fault{
	Family: bench.Family{
		ID: "burst", Version: 1, Group: bench.GroupLoad,
		Title: "a thousand requests come at once",
		Why: "A cache is emptied, a push message goes out, a load balancer moves all clients to one machine: a backlog's worth of requests comes within half a " +
			"second. The kernel and the server queue them, and most will have no client any more when their turn comes. What the server then does with " +
			"them decides whether the burst costs a second or a minute.",
		Good:       "answers or refuses what it can in time, drops requests whose clients have left, and serves everybody a few seconds later.",
		Magnitude:  "1,024 requests within half a second, each of which holds a slot for 0.35 s; their clients give up after 2 s, as victims do. The recovery decides",
		References: []string{"puma/puma#1197", "benoitc/gunicorn#2183", "benoitc/gunicorn#2577", "freeunitorg/freeunit#198"},
		Cadence: bench.Cadence{Every: bench.Once, Surge: &bench.Surge{
			Step: 500 * time.Millisecond, Counts: []int{0, 0, 1024, 0, 0, 0}, Work: "sleep",
		}},
		Traits: bench.Traits{
			Proof: bench.ProofSent, Vanishes: true, Fills: true,
			Noun: bench.Words{"request of the burst", "requests of the burst"}, Did: bench.Words{"request of the burst was sent", "requests of the burst were sent"},
		},
		Lasts: surgeWork, Busy: true,
		Sound: "sheds-load", Flaw: "serves-the-dead",
		FlawShows: bench.NotBack,
	},
	Act:      func(Place) clients.Provoker { return surgeRequest() },
	Request:  "GET /sleep",
	Exactly:  "1,024 requests for `/sleep?ms=350`, evenly spread over the half second that begins a second after the phase; a client closes its connection 2 s after its request was due",
	Script:   Script{App: `time.sleep(0.35)`, Client: `get("/fault", 2)`},
	Searched: []string{"burst", "backlog", "thundering herd", "queueing", "somaxconn", "503", "service unavailable"},
})
