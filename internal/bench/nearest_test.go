package bench

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	servers := []string{"granian", "gunicorn", "mod_wsgi", "reference", "uwsgi", "waitress", "wsgiref"}
	for word, want := range map[string]string{
		"gunicron":  "gunicorn", // swapped
		"gunicor":   "gunicorn", // one missing
		"Gunicorn":  "gunicorn",
		"mod-wsgi":  "mod_wsgi",
		"modwsgi":   "mod_wsgi",
		"witress":   "waitress",
		"uwgsi":     "uwsgi",     // swapped
		"ref":       "reference", // a beginning
		"nginx":     "",
		"":          "",
		"completel": "",
	} {
		if got := Nearest(word, servers); got != want {
			t.Errorf("nearest to %q: got %q, want %q", word, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("nearest of none: %q", got)
	}
}

// A word that is far too long to be a slip is not compared letter by letter.
func TestNearestOfAHugeWord(t *testing.T) {
	huge := strings.Repeat("a", 1<<20)
	if n := testing.AllocsPerRun(1, func() {
		if got := Nearest(huge, []string{"wedge", "a"}); got != "" {
			t.Errorf("nearest to a MiB: %q", got)
		}
	}); n > 100 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance(tt.b, tt.a); got != tt.want {
			t.Errorf("%q to %q: got %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}
