package place

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// benchrun does not blame a server that fails to start in a folder whose path is
// too long for a socket. In another folder it does.
func TestBootWithoutRoomForSockets(t *testing.T) {
	dir := openTemp(t)
	host, target := appHost(t)
	broken := target("none")
	broken.Server.CommandWords = []string{"/bin/false"}
	for _, name := range []string{"short", strings.Repeat("long", 20)} {
		tmp := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(tmp, 0o711), os.Chmod(tmp, 0o711)); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TMPDIR", tmp)
		s, _ := appPlace(t, host, broken, bench.NewClock())
		boot, err := s.Ready(t.Context(), 10*time.Second)
		var env *bench.EnvironmentError
		switch {
		case name != "short" && (!errors.As(err, &env) || !strings.Contains(env.Hint, "TMPDIR")):
			t.Errorf("%s: %+v, %v", name, boot, err)
		case name == "short" && (err != nil || boot.Ready || boot.Note == ""):
			t.Errorf("%s: %+v, %v", name, boot, err)
		}
	}
}
