package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// littleMemory is how much memory the whole target may have: enough for every server at
// rest, and little enough for one request to take within a second.
const littleMemory = 512 << 20

// A request that takes all memory that the server may have.
var _ = register(245, Fault{
	Family: bench.Family{
		ID: "oom-kill", Version: 2, Group: bench.GroupResources,
		Title: "some requests take all memory that the server may have",
		Why: "A container has a limit of memory. One request reads a file that is too large, and the limit is reached: the kernel " +
			"kills a process of the container. It asks nobody, and mostly takes the one that took the memory. If that is a worker, somebody has to notice: it has written no line and ended no " +
			"connection in order. A server whose only process dies is gone until somebody starts it again.",
		Good: "loses the worker that took the memory and nobody else, has a new one within a moment, and serves " +
			"everybody else meanwhile.",
		Magnitude:  "the server may have 512 MiB, and each fault takes memory until the kernel ends its process",
		References: []string{"benoitc/gunicorn#2215", "benoitc/gunicorn#1937", "kubernetes/kubernetes#50632"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs: bench.Needs{
			AppFault: "oom-kill", Host: []bench.HostFeature{bench.HostMemoryLimit}, Memory: littleMemory,
		},
		Traits: bench.Traits{
			Receipt: "oom-kill",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath, AtCap: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "stops-on-kill",
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("oom-kill", clients.VictimSize) },
	Exactly: "raises its own `/proc/self/oom_score_adj` to 1,000, so that the kernel ends this process before the server's others, and takes blocks of 8 MiB, every page of them written to, and keeps them: up to 1 GiB, where all processes of the server together may have " +
		"512 MiB (`memory.max` of its cgroup). Before that the kernel ends the process with SIGKILL",
	Script: Script{
		App: `taken = [b"\1" * (8 << 20) for _ in range(64)]; time.sleep(1.5)`,
		Client: `start(get, "/fault")
for _ in range(20):  # the script ends a process as the kernel does where the server may have 512 MiB
    time.sleep(0.2)
    sizes = memory()
    if sum(sizes.values()) > 512: return os.kill(max(sizes, key=sizes.get), signal.SIGKILL)`,
	},
	Searched: []string{"OOM", "OOM killer", "OOMKilled", "memory cap", "out of memory", "memory limit", "exit code 137"},
})
