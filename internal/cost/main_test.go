package cost

import (
	"os"
	"testing"
	"time"

	"benchrun/internal/launch"
	"benchrun/targets/reference"
)

// benchrun starts itself again for its parts and helper processes; here that is
// the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case PartArg:
			os.Exit(Part(os.Args[2:]))
		case launch.SuperviseArg:
			os.Exit(launch.Supervise())
		case "__reference":
			os.Exit(reference.Main(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// smallLab measures next to nothing, beside nothing.
func smallLab(t *testing.T) *Lab {
	t.Helper()
	caps, err := launch.FindLevel(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Lab{
		Self: self, Dir: t.TempDir(), Caps: caps, Note: func(text string) { t.Log(text) },
		Scale: Scale{
			Rounds: 1, Attack: 500 * time.Millisecond, Rates: []int{100},
			Crowd: 50, Arrivals: 200, Hold: 1200 * time.Millisecond, // more than slowPace
			Watch: 500 * time.Millisecond, Procs: []int{1, 3}, Cells: 3,
		},
	}
}
