package targets

import (
	"strings"
	"testing"
)

// What is listed as unavailable is not there, and who asks for it learns why.
func TestUnavailable(t *testing.T) {
	list, err := NotAvailable()
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	reg, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		name, profile, isProfile := strings.Cut(u.Name, "/")
		s, err := reg.Lookup(name)
		if isProfile {
			if err != nil {
				t.Errorf("%s: %v", u.Name, err)
				continue
			}
			_, err = s.Profile(profile)
		}
		if err == nil {
			t.Errorf("%s is listed as unavailable, and is there", u.Name)
		} else if !strings.Contains(err.Error(), strings.TrimSpace(u.Why)) {
			t.Errorf("%s: the error does not say why: %v", u.Name, err)
		}
	}
}

func TestUnavailableErrors(t *testing.T) {
	const good = "unavailable:\n- {name: a/b, title: A, version: '1', why: it crashes}\n"
	if list, err := decodeUnavailable("u.yaml", []byte(good)); err != nil || len(list) != 1 || list[0].Why != "it crashes" {
		t.Fatal(list, err)
	}
	for old, wrong := range map[string]string{"a/b": "a/B", "it crashes": "''", "title:": "titel:"} {
		if _, err := decodeUnavailable("u.yaml", []byte(strings.Replace(good, old, wrong, 1))); err == nil || !strings.HasPrefix(err.Error(), "u.yaml:") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
