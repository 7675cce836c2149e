package scenarios

// Deploy is something that happens to servers in operation, and the families that fit it.
type Deploy struct {
	What     string
	Families []string
	Ask      string // what the families ask, in words
}

// Deploys are kinds of deploys and crashes. Every family of the group "lifecycle" is in one.
var Deploys = []Deploy{
	{
		"reload in place: a signal to the first process, which replaces its workers",
		[]string{"reload", "slow-boot", "boot-crash"},
		"whether a request is lost, also while the new release loads slowly, and whether the old one goes on serving if the new one does not load at all",
	},
	{
		"rolling restart: behind a load balancer, one instance after another is stopped and started",
		[]string{"graceful-stop", "boot-crash"},
		"whether an instance answers what it has before it ends, in time and with a good exit code; whether one that cannot load the new release ends with an error, so that the rollout stops",
	},
	{
		"stop and start on one machine, as with systemctl restart",
		[]string{"graceful-stop", "boot-crash"},
		"the same; every server loses what comes between the two",
	},
	{
		"the first process crashes, and a supervisor starts the command again",
		[]string{"kill-master"},
		"whether the second start serves, and alone",
	},
	{
		"workers end after so many requests, as the options say",
		[]string{"recycle"},
		"whether a request is lost each time",
	},
	{
		"a worker crashes, is killed from outside, or stops",
		[]string{"kill-worker", "stop-worker", "segfault", "oom-kill"},
		"whether another takes its place, and how many requests are lost with it",
	},
}
