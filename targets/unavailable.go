package targets

import (
	_ "embed"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

//go:embed unavailable.yaml
var unavailable []byte

// Unavailable is a server, or a profile of one, that people look for and that benchrun
// cannot offer.
type Unavailable struct {
	Name    string   `yaml:"name"` // "server" or "server/profile"
	Title   string   `yaml:"title"`
	Version string   `yaml:"version"` // that was tried
	Why     string   `yaml:"why"`     // what was seen
	Sources []string `yaml:"sources"`
}

// NotAvailable lists what benchrun cannot offer, in the order of its file.
func NotAvailable() ([]Unavailable, error) { return decodeUnavailable("unavailable.yaml", unavailable) }

func decodeUnavailable(file string, text []byte) ([]Unavailable, error) {
	var list struct {
		Unavailable []Unavailable `yaml:"unavailable"`
	}
	if _, err := strictyaml.Decode(file, text, &list); err != nil {
		return nil, err
	}
	for _, u := range list.Unavailable {
		name, profile, more := strings.Cut(u.Name, "/")
		switch {
		case !nameForm.MatchString(name) || more && !nameForm.MatchString(profile):
			return nil, bench.Usagef("%s: %q is not the name of a server or of a profile", file, u.Name)
		case u.Title == "" || u.Version == "" || u.Why == "":
			return nil, bench.Usagef("%s: %s: title, version or why is missing", file, u.Name)
		}
	}
	return list.Unavailable, nil
}

// whyNot says why benchrun cannot offer what has this name, for the hint of an error; "" =
// nothing is known of it.
func whyNot(name string) string {
	list, err := NotAvailable()
	if err != nil {
		return "" // cannot happen: a test reads the file
	}
	for _, u := range list {
		if u.Name == name {
			return strings.TrimSpace(u.Why)
		}
	}
	return ""
}
