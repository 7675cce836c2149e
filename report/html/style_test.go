package html

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// luminance is WCAG's relative luminance of "#rrggbb" or "#rgb".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 4 {
		hex = string([]byte{'#', hex[1], hex[1], hex[2], hex[2], hex[3], hex[3]})
	}
	v, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	part := func(n uint64) float64 {
		c := float64(n&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(v>>16) + 0.7152*part(v>>8) + 0.0722*part(v)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Text has the contrast that WCAG 2 AA requires in every scheme, and adjacent bands differ in
// grey too.
func TestColoursCanBeRead(t *testing.T) {
	schemes := regexp.MustCompile(`:root\{([^}]*)\}`).FindAllStringSubmatch(style, -1)
	if len(schemes) != 3 {
		t.Fatalf("%d schemes, want light, dark and print", len(schemes))
	}
	for i, scheme := range schemes {
		color := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]+)`).FindAllStringSubmatch(scheme[1], -1) {
			color[m[1]] = m[2]
		}
		for _, p := range [][2]string{{"ink", "bg"}, {"soft", "bg"}, {"link", "bg"}, {"ink", "panel"}, {"soft", "panel"}, {"failed", "bg"}, {"held", "bg"}, {"degraded", "bg"}, {"none", "bg"},
			{"held", "held-bg"}, {"degraded", "degraded-bg"}, {"failed", "failed-bg"}, {"none", "none-bg"}} {
			if c := contrast(t, color[p[0]], color[p[1]]); c < 4.5 {
				t.Errorf("scheme %d: %s on %s has a contrast of %.1f", i, p[0], p[1], c)
			}
		}
		for b := 1; b < len(bands)-1; b++ { // "never sent" is the harness's, and is hatched as well
			below, above := color[bands[b-1].class], color[bands[b].class]
			// Towards the text's colour: darker on white, lighter on black.
			towards := (luminance(t, above) < luminance(t, below)) == (luminance(t, color["ink"]) < luminance(t, color["bg"]))
			if c := contrast(t, below, above); c < 1.15 || !towards {
				t.Errorf("scheme %d: %s and %s are alike in grey (%.2f)", i, bands[b-1].class, bands[b].class, c)
			}
		}
		if c := contrast(t, color["ok"], color["timeout"]); c < 1.8 {
			t.Errorf("scheme %d: served and timed out are alike in grey (%.2f)", i, c)
		}
	}
}
