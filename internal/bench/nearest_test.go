package bench

import "testing"

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
