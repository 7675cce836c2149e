package scenarios

import (
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// Nulls are the null faults: they go the whole way of a fault, through its client, its
// proof and the judge, and do nothing. There is one for each way to prove a fault, except
// a death, which is never nothing. A sound server must hold them under the strictest
// traits that their proof allows. If it does not, benchrun itself does harm.
//
// They are no families: no selection names them, only calibration runs them.
func Nulls() []Fault {
	return []Fault{
		null("receipt", Fault{
			Family: bench.Family{
				Title: "requests that ask the app to sleep for 0 ms, and get their answer", Group: bench.GroupApp,
				Cadence: bench.Cadence{Share: 10_000},
				Traits: bench.Traits{
					Receipt: "sleep", Proof: bench.ProofReceipt,
					Leaks: bench.Leak{Of: bench.ResourceFDs, Amount: 1}, // of which nothing may be seen
				},
			},
			Act: func(Place) clients.Provoker { return clients.Sleep(0) },
		}),
		null("bytes", Fault{
			Family: bench.Family{
				Title: "uploads of 10,000 bytes in one piece, by the client of slow uploads", Group: bench.GroupClient,
				Cadence: bench.Cadence{Share: 10_000},
				Traits:  bench.Traits{Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: nullUpload}, CutOff: true, Vanishes: true},
			},
			Act: func(Place) clients.Provoker { return clients.Crawl(nullUpload, nullUpload, time.Millisecond) },
		}),
		null("stay", Fault{
			Family: bench.Family{
				Title: "ordinary requests by the client of silent connections", Group: bench.GroupClient,
				Cadence: bench.Cadence{Share: 10_000},
				Traits:  bench.Traits{Proof: bench.ProofStay, Vanishes: true},
			},
			Act: func(Place) clients.Provoker {
				return clients.Bare(func(nonce, addr string) []byte {
					return []byte("GET /victim?nonce=" + nonce + " HTTP/1.1\r\nHost: " + addr + "\r\nConnection: close\r\n\r\n")
				}, nullPatience)
			},
		}),
		null("signal", Fault{
			Family: bench.Family{
				Title: "signal 0, which a process does not notice, to the process that serves a request", Group: bench.GroupLifecycle,
				Cadence: bench.Cadence{Every: time.Second},
				Traits:  bench.Traits{Proof: bench.ProofSignal},
			},
			Act: func(p Place) clients.Provoker {
				return upset{slow: clients.Sleep(int(2 * inFlight / time.Millisecond)), signal: p.SignalServing, with: syscall.Signal(0)}
			},
		}),
	}
}

const (
	nullUpload   = 10_000 // bytes
	nullPatience = 5 * time.Second
)

// null completes the null fault of a proof: its requests are honest, and cost nobody.
func null(proof string, f Fault) Fault {
	f.ID, f.Version, f.Sound = "null-"+proof, 1, "default"
	f.Traits.Honest, f.Traits.MustComplete, f.Traits.Spares = true, true, true
	f.Traits.Noun = bench.Words{"null fault", "null faults"}
	f.Traits.Did = bench.Words{"null fault did nothing", "null faults did nothing"}
	return f
}

// Acting finds a family or a null fault, for whoever makes its faults.
func Acting(id string) (Fault, bool) {
	for _, f := range Nulls() {
		if f.ID == id {
			return f, true
		}
	}
	return ByID(id)
}
