package scenarios

import (
	"time"

	"benchrun/internal/bench"
)

// slowFamilies are requests that take long without being stuck.
var slowFamilies = []bench.Family{{
	ID:      "slow-upload",
	Group:   bench.GroupClient,
	Version: 1,
	Title:   "some clients send their body at a crawl",
	Why: "Phones on bad networks upload a photo in half a minute. The app is honest and so is the " +
		"client, yet a server that hands the request to a worker before the body is there pays a " +
		"whole worker or thread for each of them, and a few dozen such clients stop everybody else.",
	Good: "reads the body beside its workers and hands a request over when it is whole, so that a " +
		"slow client costs a socket and a buffer.",
	Magnitude:  "1,000,000 bytes of body, 10,000 every 0.3 s: 30 s in all",
	References: []string{"benoitc/gunicorn#2652", "benoitc/gunicorn#2781", "puma/puma#2512"},
	Ratio:      1000,
	Client:     bench.ClientSlowUpload,
	Effect:     bench.EffectHold,
	Hold:       30 * time.Second,
	Sound:      "default",
	Flaw:       "unbuffered-upload",
}, {
	ID:      "slow-download",
	Group:   bench.GroupClient,
	Version: 1,
	Title:   "some clients read their answer at a crawl",
	Why: "The same phone fetches a video. What the kernel does not take of the answer is left with the " +
		"server: one that has a worker wait until the last byte is out loses a worker to each of these " +
		"clients, and one that buffers without a bound loses its memory.",
	Good: "sends the answer beside its workers, so that a slow client costs a socket and a bounded buffer.",
	Magnitude: "an answer of 16 MiB, streamed from one block of 64 KiB; the client takes 10,000 bytes every 0.3 s " +
		"for 30 s, into a receive buffer of 8 KiB, and then the rest",
	References: []string{"emmett-framework/granian#885", "Pylons/waitress#67", "benoitc/gunicorn#3410"},
	Ratio:      1000,
	Client:     bench.ClientSlowDownload,
	Effect:     bench.EffectHold,
	Hold:       30 * time.Second,
	Sound:      "hardened",
	Flaw:       "unbuffered-download",
}, {
	ID:      "large-upload",
	Group:   bench.GroupClient,
	Version: 1,
	Title:   "some clients send a large body",
	Why: "A video, an archive, a form with too many pictures. The body does not fit into the buffers that are " +
		"meant for one; it may be cut at a limit that nobody set, or block the others while it comes.",
	Good:         "takes every byte of it, and serves the others meanwhile.",
	Magnitude:    "20,000,000 bytes of body, as fast as the server takes them; their digest must be right",
	References:   []string{"puma/puma#2512"},
	Ratio:        1000,
	Client:       bench.ClientLargeUpload,
	Effect:       bench.EffectLoad,
	MustComplete: true,
	Sound:        "hardened",
	Flaw:         "truncates-uploads",
}}
