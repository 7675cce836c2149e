package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// forking forks again and again, and says whether it could.
const forking = `import os, time
while True:
    try:
        pid = os.fork()
    except BlockingIOError:
        print("refused", flush=True)
    else:
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        print("forked", flush=True)
    time.sleep(0.01)
`

// While forks are forbidden, a server can start nothing, and goes on. Nobody allows
// them again when the server is being ended.
func TestForbidForks(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.PIDs, "the number of processes", caps)
	const most = 50
	g := startPart(t, caps, bench.Limits{PIDs: most}, "/usr/bin/python3", "-c", forking)
	says := func(word string) func() bool {
		return func() bool {
			lines := strings.Fields(logOf(g))
			return len(lines) > 0 && lines[len(lines)-1] == word
		}
	}
	eventually(t, "it forks", says("forked"))
	allow, err := g.ForbidForks()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "its forks are refused", says("refused"))
	if err := allow(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it forks again", says("forked"))

	allow, err = g.ForbidForks()
	if err != nil {
		t.Fatal(err)
	}
	g.ending.Store(true)
	if err := allow(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(g.cg.dirs["pids"], "pids.max")); err != nil || strings.TrimSpace(string(b)) != "0" {
		t.Errorf("a group that is being ended may have %s processes (%v)", b, err)
	}
	if _, err := startPart(t, Capabilities{Level: Subreaper}, bench.Limits{}, "sleep", "60").ForbidForks(); err == nil {
		t.Error("forks are forbidden where nothing can forbid them")
	}
}
