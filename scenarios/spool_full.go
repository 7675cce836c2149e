package scenarios

import (
	"context"
	"fmt"
	"sync"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// spooled is the size of an upload that servers put into a temporary file, bytes: waitress does
// from 524,288 on.
const spooled = 1_000_000

// Uploads for which there is no temporary file.
var _ = register(275, Fault{
	Family: bench.Family{
		ID: "spool-full", Version: 1, Group: bench.GroupResources,
		Title: "some clients send uploads while no temporary file can be created",
		Why: "A body that is too large for memory goes into a temporary file before the app sees it. On a full disk the server cannot " +
			"create one. The upload is lost, and that is all that may happen: a server that takes the error for its own end, loses a worker " +
			"to each upload or keeps the connection turns a full disk into an outage for everybody, also for those who send nothing.",
		Good:       "refuses the upload or takes it without a file, keeps nothing of it, and serves the others.",
		Magnitude:  "uploads of 1,000,000 bytes; from the fault on until the recovery no file can be created in the folder for temporary files (ENOSPC)",
		References: []string{"pulibrary/figgy#5118", "bottlepy/bottle#629", "flynn/flynn#4132"},
		Cadence:    bench.Cadence{Share: 10_000},
		Needs:      bench.Needs{Host: []bench.HostFeature{bench.HostOwnMounts}, OwnTmp: true},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: uploadUnread},
			CutOff: true, Vanishes: true, SparesWorkers: true, Carries: spooled,
			Noun: bench.Words{"upload", "uploads"}, Did: bench.Words{"upload met a full disk", "uploads met a full disk"},
		},
		Sound: "default", Flaw: "stops-without-spool",
		Flaws: []bench.Planted{{Profile: "dies-without-spool", Shows: bench.WorkersDied}},
	},
	Act: func(p Place) clients.Provoker {
		return &withoutTmp{ask: clients.Upload(spooled), fill: p.FillTmp}
	},
	Request: "POST /upload",
	Exactly: "1,000,000 bytes of body with a Content-Length, as fast as the server takes them. `TMPDIR` is `{work}/tmp`. Eight uploads at once find room there, because a program may look for " +
		"another folder if its first file does not fit. Then an empty file system that can hold no file lies over it, and the uploads of the fault come; when the recovery begins, the folder is what it was",
	Script: Script{
		App: `blocks = [b"%d" % len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))]`,
		Client: `if not blocked: [get("/fault", None, bytes(1_000_000)) for _ in range(8)]  # they find room
if not blocked:  # from the first upload on, as long as they come, without room for a file
    blocked.append(subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=1", "none", "../work/tmp"], check=True))
    threading.Timer(SECONDS, subprocess.run, [["umount", "-l", "../work/tmp"]]).start()
return get("/fault", None, bytes(1_000_000)) == b"1000000"`,
	},
	Searched: []string{"no space left on device", "ENOSPC", "disk full", "client_body_temp", "upload buffering", "no space left"},
})

// firstUploads is how many uploads find room before the folder is full, and firstPatience how
// long they may take.
const (
	firstUploads  = 8
	firstPatience = 2 * time.Second
)

// withoutTmp sends requests while the target can create no temporary file: from the first one
// until the recovery.
type withoutTmp struct {
	ask  clients.Provoker
	fill func(context.Context) (empty func(), err error)

	once sync.Once
	err  error // of fill
}

// findRoom sends requests that find room: a server in Python decides with its first file which
// folder it uses from then on.
func (w *withoutTmp) findRoom(ctx context.Context, p clients.Provocation) {
	ctx, cancel := context.WithTimeout(ctx, firstPatience)
	defer cancel()
	var all sync.WaitGroup
	for i := range firstUploads {
		all.Go(func() {
			first := p
			first.Nonce = fmt.Sprintf("%s-%d", p.Nonce, i)
			w.ask.Provoke(ctx, first)
		})
	}
	all.Wait()
}

// Provoke implements clients.Provoker. A request that would find a folder with room is not sent:
// it is no fault.
func (w *withoutTmp) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	w.once.Do(func() {
		w.findRoom(ctx, p)
		var empty func()
		if empty, w.err = w.fill(ctx); w.err == nil {
			context.AfterFunc(ctx, empty) // the recovery cuts the fault off
		}
	})
	if w.err != nil {
		return &bench.Sample{Role: p.Role, Nonce: p.Nonce, Due: p.Due, Outcome: bench.Unsent, Error: w.err.Error()}
	}
	return w.ask.Provoke(ctx, p)
}
