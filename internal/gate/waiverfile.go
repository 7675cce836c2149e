package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/strictyaml"
)

// WaiverSchema names the format of waiver files.
const WaiverSchema = "benchrun.waivers/v1"

// MostWaivers is how many entries a file of waivers may have.
const MostWaivers = 1000

// ReadWaivers reads a file of waivers. Its errors are those of intake, and
// bench.UsageErrors that name file, line and field.
func ReadWaivers(path string) ([]Waiver, error) {
	text, err := intake.ReadSmall("--waivers", path)
	if err != nil {
		return nil, err
	}
	return ParseWaivers(path, text)
}

// waiverFile is the content of a file of waivers.
type waiverFile struct {
	Schema  string
	Waivers []struct{ Cell, Verdict, Reason, Link, Expires string }
}

// ParseWaivers reads the text of a file of waivers, strictly: a field that is
// unknown, missing, given twice or of the wrong type is a bench.UsageError
// "file:line: field: problem".
func ParseWaivers(file string, text []byte) ([]Waiver, error) {
	waivers, _, err := parseWaivers(file, text)
	return waivers, err
}

// parseWaivers also returns the source, which knows the line of every field.
func parseWaivers(file string, text []byte) ([]Waiver, *strictyaml.Source, error) {
	var f waiverFile
	src, err := strictyaml.Decode(file, text, &f)
	if err != nil {
		return nil, nil, err
	}
	if err := src.Schema(f.Schema, WaiverSchema); err != nil {
		return nil, nil, err
	}
	waivers, err := f.entries(file, src)
	return waivers, src, err
}

// entries checks the listed entries.
func (f waiverFile) entries(file string, src *strictyaml.Source) ([]Waiver, error) {
	has := func(field string) bool { _, ok := src.Line(field); return ok }
	var out []Waiver
	var err error
	if len(f.Waivers) > MostWaivers {
		return nil, src.Errorf(fmt.Sprintf("waivers[%d]", MostWaivers), "more than %d: one entry with globs is about many cells", MostWaivers)
	}
	for i, e := range f.Waivers {
		entry := fmt.Sprintf("waivers[%d]", i)
		at := func(field string) string { return entry + "." + field }
		for _, field := range []string{"cell", "verdict", "reason", "expires"} {
			if !has(at(field)) {
				return nil, src.Errorf(at(field), "missing")
			}
		}
		for field, value := range map[string]string{"cell": e.Cell, "link": e.Link} {
			if has(at(field)) && strings.TrimSpace(value) == "" {
				return nil, src.Errorf(at(field), "want a text")
			}
		}
		line, _ := src.Line(entry)
		w := Waiver{
			Cell: strings.TrimSpace(e.Cell), Reason: strings.TrimSpace(e.Reason), Link: strings.TrimSpace(e.Link),
			Place: fmt.Sprintf("%s:%d", file, line),
		}
		if problem, hint := checkSelector(w.Cell); problem != "" {
			return nil, src.Errorf(at("cell"), "%s; %s", problem, hint)
		}
		if first := slices.IndexFunc(out, func(o Waiver) bool { return o.Cell == w.Cell }); first >= 0 {
			return nil, src.Errorf(at("cell"), "%s appears here twice, first at %s", w.Cell, out[first].Place)
		}
		if w.Verdict, err = bench.ParseVerdict(e.Verdict); err != nil || w.Verdict < bench.Broken {
			return nil, src.Errorf(at("verdict"), "%q is not one of broken failed degraded held", e.Verdict)
		}
		if w.Expires, err = time.Parse(dayForm, e.Expires); err != nil {
			return nil, src.Errorf(at("expires"), "%q is not a day, such as 2027-01-31", e.Expires)
		}
		out = append(out, w)
	}
	return out, nil
}
