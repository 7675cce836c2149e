package scenarios

import (
	"syscall"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A worker that dies when no temporary file can be created.
var _ = register(270, Fault{
	Family: bench.Family{
		ID: "tmp-full", Version: 1, Group: bench.GroupResources,
		Title: "a worker dies while no temporary file can be created",
		Why: "A log, an upload or a core fills the disk, and for a while nobody can create a file there. A server that needs one for each " +
			"new worker, be it only to see whether it lives, cannot start a worker then. If one dies just in that time, the master may take the " +
			"error for its own end, although the requests themselves need no disk at all.",
		Good:       "tries again at a bounded rate or does without, serves with the workers that are left, and has all of them again as soon as it can.",
		Magnitude:  "for 5 s no file can be created in the folder for temporary files (ENOSPC); at the beginning SIGKILL to the process that serves an honest request of 1.5 s",
		References: []string{"benoitc/gunicorn#1388", "Pylons/waitress#413"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs: bench.Needs{
			AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerChildren}, Host: []bench.HostFeature{bench.HostOwnMounts}, OwnTmp: true,
		},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsReplacement, Fills: true,
			Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"worker was killed while no temporary file could be created", "workers were killed while no temporary file could be created"},
		},
		Sound: "default", Flaw: "stops-without-tmp",
		FlawShows: bench.NotReplaced,
	},
	Act: func(p Place) clients.Provoker {
		return upset{
			slow: clients.AppFault("legit-slow", clients.VictimSize), with: syscall.SIGKILL,
			signal: meanwhile(p.FillTmp, p.SignalServing),
		}
	},
	Exactly: "`TMPDIR` is `{work}/tmp`. 0.5 s after a request for `/fault/legit-slow` was sent, an empty file system that can hold no file lies over it, and the process that the receipt of the request names gets SIGKILL; 5 s later the folder is what it was",
	Script: Script{App: tellPID, Client: underWay + `subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=1", "none", "../work/tmp"], check=True)  # without room for a file
` + killIt + `
time.sleep(5)
subprocess.run(["umount", "-l", "../work/tmp"], check=True)`},
	Searched: []string{"no space left on device", "ENOSPC", "disk full", "worker-tmp-dir", "no space left"},
})
