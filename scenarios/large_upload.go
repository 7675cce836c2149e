package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// uploadUnread is what the kernel takes of an upload although nobody reads it,
// bytes: on loopback, with the clients' small send buffer, 176,000 were measured.
// Where the server does not read on, more cannot be asked of the client.
const uploadUnread = 100_000

// A client that sends a large body.
var _ = register(80, Fault{
	Family: bench.Family{
		ID: "large-upload", Version: 2, Group: bench.GroupClient,
		Title: "some clients send a large body",
		Why: "A video, an archive, a form with too many pictures. The body does not fit into the buffers that are " +
			"meant for one; it may be cut at a limit that nobody set, or block the others while it comes.",
		Good:       "takes every byte of it, and serves the others meanwhile.",
		Magnitude:  "20,000,000 bytes of body, as fast as the server takes them; their digest must be right",
		References: []string{"puma/puma#2512"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: uploadUnread},
			Honest: true, MustComplete: true, Vanishes: true, SparesWorkers: true, Carries: 20_000_000,
			Noun: bench.Words{"large upload", "large uploads"},
		},
		Sound: "hardened", Flaw: "truncates-uploads",
		FlawShows: bench.HonestLost,
	},
	Act:     func(Place) clients.Provoker { return clients.LargeUpload() },
	Request: "POST /upload",
	Script: Script{
		App: `blocks = [b"%d" % len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))]`,
		Client: `try: return get("/fault", None, bytes(20_000_000)) == b"20000000"
except urllib.error.HTTPError as error: return error.code in (411, 413, 417)  # the server says that it does not take it`,
	},
	Exactly:  "20,000,000 bytes of body with a Content-Length, as fast as the server takes them; the answer's digest must be right",
	Searched: []string{"truncated upload", "upload limit"},
	Gate:     "bodies that do not fit into memory buffers: spooling, limits, and whether what arrives is what was sent",
	Light:    true,
})
