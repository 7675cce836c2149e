package scenarios

import (
	"time"

	"benchrun/internal/bench"
)

// slowFamilies are requests that take long without being stuck.
var slowFamilies = []bench.Family{{
	ID:      "slow-upload",
	Group:   bench.GroupApp,
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
	Flaw:       "unbuffered-upload",
}}
