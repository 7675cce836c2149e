package launch

import (
	"os"
	"testing"
)

func TestMapped(t *testing.T) {
	if !mapped("uid_map", os.Geteuid()) {
		t.Error("this process's own user")
	}
	if !mapped("no_such_map", 65534) {
		t.Error("a kernel without user namespaces")
	}
}
