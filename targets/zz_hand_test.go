package targets

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestHand(t *testing.T) {
	r, err := Load(DefaultLoadOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for _, n := range r.Names() {
		if n == "reference" {
			continue
		}
		s, _ := r.Lookup(n)
		for _, p := range s.ProfileNames() {
			t0 := time.Now()
			in, err := Install(t.Context(), InstallOptions{Server: s, Profile: p, User: &RunAs{"nobody", 65534, 65534}, Progress: func(m string) { fmt.Println("   ", m) }})
			if err != nil {
				t.Error(err)
				continue
			}
			fmt.Printf("%s/%s %s %s %s in %.2fs\n", n, p, in.Version, in.Python, in.PythonVersion, time.Since(t0).Seconds())
			argv, env, err := s.Command(p, Placeholders{Host: "127.0.0.1", Port: 65530, App: "@APP@", Work: "@WORK@", Python: in.Python, Env: in.Env, User: "nobody", Group: "nogroup"})
			if err != nil {
				t.Error(err)
			}
			out[n+"/"+p] = map[string]any{"argv": argv, "env": env, "workers": s.Profiles[p].Workers}
		}
	}
	b, _ := json.MarshalIndent(out, "", " ")
	os.WriteFile("/tmp/exp/targets.json", b, 0o644)
}
