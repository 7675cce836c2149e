package campaign

import (
	"os"
	"syscall"
	"testing"

	"benchrun/clients"
	"benchrun/internal/launch"
	"benchrun/targets/reference"
)

// The test binary is its own control server, supervisor and reference server, as
// benchrun is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case clients.ControlCommand:
			os.Exit(clients.ControlMain())
		case launch.SuperviseArg:
			syscall.Exit(launch.Supervise())
		case noticeArg:
			leaveNotice(os.Args[2])
			os.Exit(1)
		case "__reference":
			os.Exit(reference.Main(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}
