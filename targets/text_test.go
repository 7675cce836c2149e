package targets

import (
	"strings"
	"testing"
)

// What show prints of a server is a server file that says the same, and where it is from.
func TestTextIsAServerFile(t *testing.T) {
	reg, err := Load(LoadOptions{Files: []string{write(t, t.TempDir(), "toy.yaml", good)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range reg.Names() {
		was, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := was.Text()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, "# Where this is from: "+was.File+"\n") {
			t.Errorf("%s: %.80s", name, text)
		}
		file := write(t, t.TempDir(), "copy.yaml", text)
		again, err := Load(LoadOptions{Files: []string{file}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		is, err := again.Lookup(name)
		if err != nil || is.File != file || !is.Replaces {
			t.Errorf("%s: %+v, %v", name, is, err)
			continue
		}
		same := *is
		same.Replaces = was.Replaces
		wanted, _ := was.Digest()
		if got, err := same.Digest(); err != nil || got != wanted {
			t.Errorf("%s: the copy says something else, %v", name, err)
		}
		if own, err := is.Text(); err != nil || strings.Count(own, "replaces:") != 1 {
			t.Errorf("%s: a copy of the copy: %v\n%.300s", name, err, own)
		}
	}
}
