package place

import (
	"testing"
	"time"
)

// What a server has open at rest is counted, and nothing of that launch stays.
func TestFilesAtRest(t *testing.T) {
	host, target := appHost(t)
	few, err := FilesAtRest(t.Context(), host, target("honest"), 15*time.Second)
	if err != nil || few < 4 || few > 30 {
		t.Fatalf("%d descriptors, %v", few, err)
	}
	many, err := FilesAtRest(t.Context(), host, target("hoarder"), 15*time.Second)
	if err != nil || many != few+100 {
		t.Errorf("with 100 more it has %d instead of %d, %v", many, few, err)
	}
	if n, err := FilesAtRest(t.Context(), host, target("broken"), 15*time.Second); n != filesAtRest || err != nil {
		t.Errorf("a server that does not serve: %d descriptors, %v", n, err)
	}
}
