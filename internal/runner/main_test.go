package runner

import (
	"os"
	"testing"

	"benchrun/clients"
	"benchrun/internal/launch"
)

// The test binary is its own control server and supervisor, as benchrun is, and
// a benchrun that is to be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case clients.ControlCommand:
			os.Exit(clients.ControlMain())
		case launch.SuperviseArg:
			os.Exit(launch.Supervise())
		case "__prepare":
			playPrepare(os.Args[2:])
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}
