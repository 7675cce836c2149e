package attempt

import (
	"os"
	"testing"

	"benchrun/clients"
)

// The test binary is its own control server, as benchrun is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == clients.ControlCommand {
		os.Exit(clients.ControlMain())
	}
	os.Exit(m.Run())
}
