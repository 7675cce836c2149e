package targets

import "testing"

func TestDigestIsOfTheContent(t *testing.T) {
	s := &Server{Name: "a", Version: "1.0", File: "one.yaml", Profiles: map[string]Profile{"default": {Workers: 1}}}
	digest := func() string {
		t.Helper()
		d, err := s.Digest()
		if err != nil || len(d) != 16 {
			t.Fatalf("digest %q, %v", d, err)
		}
		return d
	}
	first := digest()
	s.File = "another/place.yaml"
	if digest() != first {
		t.Error("the digest depends on where the file lies")
	}
	s.Profiles["default"] = Profile{Workers: 2}
	if digest() == first {
		t.Error("another profile has the same digest")
	}
}
