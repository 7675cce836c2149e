package scenarios

import (
	"context"
	"slices"
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// Nulls are the null faults: they go the whole way of a fault, through its client, its
// proof and the judge, and do nothing. There is one for each way to prove a fault, except
// a death, which is never nothing, and one for each act on a target that can be undone before
// anybody meets it. A sound server must hold them under the strictest traits that their proof
// allows. If it does not, benchrun itself does harm.
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
		null("surge", Fault{
			Family: bench.Family{
				Title: "a surge of one request a second, which ask the app to sleep for 0 ms", Group: bench.GroupLoad,
				Cadence: bench.Cadence{Every: bench.Once, Surge: &bench.Surge{Step: time.Second, Counts: slices.Repeat([]int{1}, nullSurge), Work: "sleep"}},
				Traits:  bench.Traits{Proof: bench.ProofSent},
			},
			Act: func(Place) clients.Provoker { return clients.GiveUp(clients.Sleep(0), nullPatience) },
		}),
		nullAct("break", "the app is broken and repaired at once, before anybody loads it", bench.Needs{}, func(p Place) undoable {
			return func(_ context.Context, nonce string) (func(), error) {
				return func() { _ = p.RepairApp() }, p.BreakApp(nonce) // an app that stays broken harms nobody who has it
			}
		}),
		nullAct("log", "the log is left unread, and read again at once", bench.Needs{PipedLog: true}, func(p Place) undoable {
			return func(_ context.Context, nonce string) (func(), error) { return p.BlockLog(nonce) }
		}),
		nullAct("forks", "processes are forbidden, and allowed again at once", bench.Needs{Host: []bench.HostFeature{bench.HostProcessLimit}}, func(p Place) undoable {
			return marked(p, func(context.Context) (func(), error) { return p.ForbidForks() })
		}),
		nullAct("tmp", "the folder for temporary files is filled, and emptied at once", bench.Needs{Host: []bench.HostFeature{bench.HostOwnMounts}, OwnTmp: true}, func(p Place) undoable {
			return marked(p, p.FillTmp)
		}),
	}
}

// undoable does something to the target, and undo undoes it. The mark of it has the nonce.
type undoable func(ctx context.Context, nonce string) (undo func(), err error)

// marked gives an act a mark, that of signal 0 to the process that serves its request.
func marked(p Place, take func(context.Context) (func(), error)) undoable {
	return func(ctx context.Context, nonce string) (func(), error) {
		if err := p.SignalServing(ctx, nonce, syscall.Signal(0)); err != nil {
			return nil, err
		}
		return take(ctx)
	}
}

// nullAct is the null fault of an act on the target, beside a request that is under way.
func nullAct(name, title string, needs bench.Needs, act func(Place) undoable) Fault {
	return null(name, Fault{
		Family: bench.Family{
			Title: title, Group: bench.GroupLifecycle, Cadence: bench.Cadence{Every: time.Second}, Needs: needs,
			Traits: bench.Traits{Proof: bench.ProofSignal},
		},
		Act: func(p Place) clients.Provoker {
			do := act(p)
			return reload{slow: clients.Sleep(int(2 * inFlight / time.Millisecond)), signal: func(nonce string) error {
				undo, err := do(context.Background(), nonce)
				if err == nil {
					undo()
				}
				return err
			}}
		},
	})
}

const (
	nullUpload   = 10_000 // bytes
	nullPatience = 5 * time.Second
	nullSurge    = 12 // steps of a second
)

// null completes a null fault: its requests are honest, and cost nobody.
func null(name string, f Fault) Fault {
	f.ID, f.Version, f.Sound = "null-"+name, 1, "default"
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
