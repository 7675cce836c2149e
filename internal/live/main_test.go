package live

import (
	"os"
	"syscall"
	"testing"

	"benchrun/internal/launch"
)

// The test binary is its own supervisor and janitor, as benchrun is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launch.SuperviseArg:
			syscall.Exit(launch.Supervise())
		case launch.JanitorArg:
			os.Exit(launch.Clean())
		}
	}
	os.Exit(m.Run())
}
