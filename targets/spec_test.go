package targets

import (
	"slices"
	"testing"
)

func TestParseSpec(t *testing.T) {
	for text, want := range map[string]Spec{
		"gunicorn":         {Name: "gunicorn"},
		"gunicorn@23.0.0":  {"gunicorn", "23.0.0"},
		"mod_wsgi@6.1rc1":  {"mod_wsgi", "6.1rc1"},
		"a-b2@1!2.0+local": {"a-b2", "1!2.0+local"},
	} {
		got, err := ParseSpec(text)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := ParseSpec(got.String()); err != nil || again != got {
			t.Errorf("%q: %q does not read back: %+v, %v", text, got, again, err)
		}
	}
	if got, err := ParseSpec(" gunicorn\t"); err != nil || got.Name != "gunicorn" {
		t.Errorf("with spaces around it: got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                `"" is not a server's name`,
		"@1":              `"" is not a server's name`,
		"Gunicorn":        `"Gunicorn" is not a server's name`,
		"../x":            `"../x" is not a server's name`,
		"gunicorn@":       `"gunicorn@": "" is not a version`,
		"gunicorn@-r x":   `"gunicorn@-r x": "-r x" is not a version`,
		"gunicorn@1;x":    `"gunicorn@1;x": "1;x" is not a version`,
		"a@1.0,gunicorn":  `"a@1.0,gunicorn": a comma after the @`,
		"gunicorn@1.0 2.": `"gunicorn@1.0 2."`,
	} {
		_, err := ParseSpec(text)
		wantUsage(t, err, want)
	}
}

func TestSplitSpecsNeverAfterAnAt(t *testing.T) {
	for text, want := range map[string][]string{
		"a":           {"a"},
		"a,b,c":       {"a", "b", "c"},
		"a,b@1.0":     {"a", "b@1.0"},
		"a@1,b":       {"a@1,b"},
		"a,b@>=1,<2":  {"a", "b@>=1,<2"},
		"a,b@1,c@2,d": {"a", "b@1,c@2,d"},
	} {
		if got := SplitSpecs(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

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
