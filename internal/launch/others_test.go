package launch

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A benchrun sees the others, but not itself.
func TestOthersAreSeen(t *testing.T) {
	before := Others()
	mine, err := StartJanitor()
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if n := Others(); n > before {
		t.Errorf("with a janitor of its own there are %d others, before %d", n, before)
	}
	// This janitor belongs to another program: its parent is a shell.
	shell := exec.Command("/bin/sh", "-c", `"$0" "$1"; true`, os.Args[0], JanitorArg)
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	life, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = life.Close()
		_ = shell.Wait()
	}()
	for end := time.Now().Add(10 * time.Second); Others() <= before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("another benchrun is not seen")
		}
	}
}
