package targets

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// While apt-get works, no package starts a service. Then everything is as it was, and a
// policy of the machine's own stays all the time.
func TestWithoutServices(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "policy")
	run := func(option string) {
		t.Helper()
		_, command, _ := strings.Cut(option, "::=")
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	options := withoutServices(policy)
	run(options[1])
	err := exec.Command(policy, "nginx", "start").Run()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 101 { //nolint:errorlint // it is what Run returns
		t.Errorf("the policy: %v", err)
	}
	run(options[3])
	if exists(policy) {
		t.Error("the policy is left")
	}
	const own = "#!/bin/sh\nexit 0\n"
	write(t, filepath.Dir(policy), "policy", own)
	for _, i := range []int{1, 3} {
		run(options[i])
		if text, err := os.ReadFile(policy); err != nil || string(text) != own {
			t.Errorf("the machine's own policy became %q, %v", text, err)
		}
	}
}
