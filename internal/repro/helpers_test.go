package repro

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"slices"
	"testing"

	"benchrun/clients"
	"benchrun/scenarios"
	"benchrun/targets"
)

// The malformed requests of a script are those of the family, but for what a script has
// other names for, and the noise.
func TestMalformedRequestsAreThoseOfTheFamily(t *testing.T) {
	code := "import json, sys\n" + targets.ExcerptOf(helpers, "WHOLE PROMISING") + "\njson.dump([[text.hex() for text in texts] for texts in (WHOLE, PROMISING)], sys.stdout)"
	out, err := exec.CommandContext(t.Context(), "python3", "-c", code).Output()
	if err != nil {
		t.Fatal(err)
	}
	var sent [2][]string
	if err := json.Unmarshal(out, &sent); err != nil {
		t.Fatal(err)
	}
	whole, promising := clients.GarbageTexts()
	garbage, _ := scenarios.ByID("garbage")
	if len(whole)+len(promising) != garbage.Script.Kinds {
		t.Errorf("%d and %d texts, and the family has %d kinds", len(whole), len(promising), garbage.Script.Kinds)
	}
	names := [][2]string{{"/victim?nonce=NONCE", "/"}, {"/upload?nonce=NONCE", "/fault"}, {"Host: benchrun", "Host: x"}}
	for i, want := range [][][]byte{whole, promising} {
		var texts []string
		for _, text := range want {
			for _, n := range names {
				text = bytes.ReplaceAll(text, []byte(n[0]), []byte(n[1]))
			}
			if i == 1 && len(text) == 2048 { // noise
				continue
			}
			texts = append(texts, hex.EncodeToString(text))
		}
		if i == 1 {
			sent[1] = slices.DeleteFunc(sent[1], func(text string) bool { return len(text) == 2*2048 })
		}
		slices.Sort(texts)
		slices.Sort(sent[i])
		if !slices.Equal(texts, sent[i]) {
			for _, text := range texts {
				if !slices.Contains(sent[i], text) {
					raw, _ := hex.DecodeString(text)
					t.Errorf("no script sends %.300q", raw)
				}
			}
			t.Errorf("%d texts, want %d", len(sent[i]), len(texts))
		}
	}
}
