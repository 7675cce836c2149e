package doctor

import (
	"os"
	"testing"

	"benchrun/clients"
	"benchrun/internal/launch"
)

// benchrun starts itself again for its helper processes; here that is the test
// binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launch.SuperviseArg:
			os.Exit(launch.Supervise())
		case "__control":
			os.Exit(clients.ControlMain())
		}
	}
	os.Exit(m.Run())
}
