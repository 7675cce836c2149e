package place

import (
	"testing"

	"benchrun/targets"
)

func TestUnderAFamily(t *testing.T) {
	server := &targets.Server{Profiles: map[string]targets.Profile{"default": {
		Args: []string{"-w"}, Families: map[string]targets.ForFamily{"leak": {Args: []string{"-m"}}},
	}}}
	target := &Target{Server: server, Profile: server.Profiles["default"], ProfileName: "default"}
	if got := target.Under("leak"); len(got.Profile.Args) != 2 || len(got.Server.Profiles["default"].Args) != 2 {
		t.Errorf("under leak: %+v", got)
	}
	if len(target.Profile.Args) != 1 || len(server.Profiles["default"].Args) != 1 {
		t.Errorf("the target has changed: %+v", target)
	}
}
