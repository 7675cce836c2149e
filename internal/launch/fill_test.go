package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// creating creates a file in a folder again and again, and says whether it could.
const creating = `import errno, os, tempfile, time
while True:
    try:
        tempfile.mkstemp()
    except OSError as e:
        print(errno.errorcode[e.errno], flush=True)
    else:
        print("created", flush=True)
    time.sleep(0.01)
`

// While a server's folder for temporary files is full, it can create nothing there, and
// nobody else notices.
func TestFillTmp(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.Has(bench.HostOwnMounts), "mounts for a server alone", caps)
	s, user := newTestScratch(t)
	tmp := filepath.Join(s.Work, "tmp")
	err := os.Mkdir(tmp, 0o700)
	if user != nil {
		err = errors.Join(err, os.Chown(tmp, user.UID, user.GID))
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := Start(t.Context(), caps, Spec{
		Argv: []string{"/usr/bin/python3", "-c", creating}, Env: []string{"TMPDIR=" + tmp}, Dir: s.Work, Log: filepath.Join(s.Dir, "log"),
		User: user, Limits: smallLimits, Scratch: s, Tmp: tmp,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	})
	says := func(word string) func() bool {
		return func() bool {
			lines := strings.Fields(logOf(g))
			return len(lines) > 0 && lines[len(lines)-1] == word
		}
	}
	eventually(t, "it creates files", says("created"))
	empty, err := g.FillTmp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the folder is full", says("ENOSPC"))
	if err := os.WriteFile(filepath.Join(tmp, "outside"), nil, 0o600); err != nil {
		t.Errorf("it is full outside of the server's namespace too: %v", err)
	}
	if err := empty(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it creates files again", says("created"))

	none := startPart(t, caps, smallLimits, "sleep", "60")
	if _, err := none.FillTmp(t.Context()); err == nil {
		t.Error("a folder is full that nobody named")
	}
	low := startPart(t, Capabilities{Level: Subreaper}, bench.Limits{}, "sleep", "60")
	if _, err := low.FillTmp(t.Context()); err == nil {
		t.Error("something was mounted at a level that has no namespace")
	}
}
