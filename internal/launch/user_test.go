package launch

import (
	"os"
	"path/filepath"
	"testing"
)

// In a user namespace, root may only become users that are mapped there.
func TestMapped(t *testing.T) {
	file := filepath.Join(t.TempDir(), "map")
	for text, want := range map[string]bool{
		"         0       1000          1\n":                              false, // unshare -r
		"         0          0 4294967295\n":                              true,
		"         0       1000          1\n         1     100000 65536\n": true,
		"": false,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := mapped(file, 65534); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !mapped(file+".none", 65534) {
		t.Error("a kernel without user namespaces")
	}
}
