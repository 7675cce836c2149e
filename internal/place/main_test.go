package place

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"benchrun/clients"
	"benchrun/internal/launch"
	"benchrun/targets/reference"
)

// The test binary plays four parts: control server and supervisor, as benchrun
// does; a benchrun that a test kills; and, under appCommand, a server under test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case clients.ControlCommand:
			os.Exit(clients.ControlMain())
		case launch.SuperviseArg:
			syscall.Exit(launch.Supervise())
		case launch.JanitorArg:
			os.Exit(launch.Clean())
		case "__reference":
			os.Exit(reference.Main(os.Args[2:]))
		case "__prepare":
			playPrepare(os.Args[2:])
			os.Exit(0)
		}
	}
	if len(os.Args) > 4 && os.Args[1] == appCommand {
		fmt.Fprintln(os.Stderr, playApp(os.Args[2], os.Args[3], os.Args[4]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}
