package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// surgeWork is how long the app sleeps in each request of a load that is too much.
const surgeWork = 350 * time.Millisecond

// Load that rises beyond what the server can do, and falls back.
var _ = register(310, Fault{
	Family: bench.Family{
		ID: "overload", Version: 1, Group: bench.GroupLoad,
		Title: "load rises until it is too much, and falls back",
		Why: "A campaign, a retry storm, a crawler: for some seconds more requests come than the server can answer. They queue, and soon each " +
			"one has waited longer than its client is willing to. A server that takes the oldest first then works for people who have left, " +
			"and keeps doing so long after the load has gone: the outage lasts as long as the backlog, not as long as the peak.",
		Good: "goes on answering as many requests in time as it can, refuses the others early, does no work that nobody waits for any more, and " +
			"serves everybody as soon as the load is back.",
		Magnitude: "requests that hold a slot for 0.35 s, open loop, 4 in the first second and more in each one, up to 400 in the 11th, then down to 10 in the 14th; " +
			"their clients give up after 2 s, as victims do. The recovery decides",
		References: []string{"benoitc/gunicorn#2577", "scylladb/scylladb#6428", "ephpm/ephpm#301", "rust-lang/crates.io#3537"},
		Cadence: bench.Cadence{Every: bench.Once, Surge: &bench.Surge{
			Step: time.Second, Counts: []int{4, 6, 10, 16, 25, 40, 63, 100, 160, 250, 400, 160, 40, 10}, Work: "sleep",
		}},
		Traits: bench.Traits{
			Proof: bench.ProofSent, Vanishes: true, Fills: true,
			Noun: bench.Words{"request of the load", "requests of the load"}, Did: bench.Words{"request of the load was sent", "requests of the load were sent"},
		},
		Lasts: surgeWork, Busy: true,
		Sound: "sheds-load", Flaw: "serves-the-dead",
		FlawShows: bench.NotBack,
	},
	Act:      func(Place) clients.Provoker { return surgeRequest() },
	Request:  "GET /sleep",
	Exactly:  "`/sleep?ms=350`, 4, 6, 10, 16, 25, 40, 63, 100, 160, 250, 400, 160, 40 and 10 requests in the seconds of the fault phase, spread evenly over each second; a client closes its connection 2 s after its request was due",
	Script:   Script{App: `time.sleep(0.35)`, Client: `get("/fault", 2)`},
	Searched: []string{"overload", "backlog", "queueing", "load shedding", "retry storm", "503", "service unavailable"},
})

// surgeRequest is an ordinary slow request, whose client is as patient as a victim's.
func surgeRequest() clients.Provoker {
	return clients.GiveUp(clients.Sleep(int(surgeWork.Milliseconds())), bench.StandardLoad.Timeout)
}
