package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
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

// ParseWaivers reads the text of a file of waivers, strictly: what is not known,
// missing, twice or of the wrong kind is a bench.UsageError "file:line: field:
// problem".
func ParseWaivers(file string, text []byte) ([]Waiver, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, bench.Usagef("%s: not YAML: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(root.Content) == 0 {
		return nil, bench.Usagef("%s:1: the file is empty", file)
	}
	d := waiverDecoder{file: file}
	top := d.mapping("file", root.Content[0], "schema", "waivers")
	if schema := d.text("schema", top["schema"], root.Content[0]); d.err == nil && schema != WaiverSchema {
		d.fail(top["schema"], "schema", fmt.Sprintf("%q is not %q", schema, WaiverSchema))
	}
	var out []Waiver
	for i, n := range d.list("waivers", top["waivers"]) {
		if i == MostWaivers {
			d.fail(n, "waivers", fmt.Sprintf("more than %d: one entry with globs is about many cells", MostWaivers))
			break
		}
		out = append(out, d.waiver(fmt.Sprintf("waivers[%d]", i), n))
		first := slices.IndexFunc(out, func(w Waiver) bool { return w.Cell == out[i].Cell })
		if first < i {
			d.fail(n, fmt.Sprintf("waivers[%d].cell", i), fmt.Sprintf("%s stands here twice, the other one at %s", out[i].Cell, out[first].Place))
		}
	}
	if d.err == nil {
		d.err = oneDocument(file, text)
	}
	if d.err != nil {
		return nil, d.err
	}
	return out, nil
}

// oneDocument finds what stands behind the document that was read.
func oneDocument(file string, text []byte) error {
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	for range 2 {
		if err := dec.Decode(new(yaml.Node)); err != nil {
			return nil //nolint:nilerr // the end; the first document is known to be right
		}
	}
	return bench.Usagef("%s: more than one YAML document", file)
}

// waiverDecoder walks the nodes of a file and keeps the first error.
type waiverDecoder struct {
	file string
	err  error
}

func (d *waiverDecoder) fail(n *yaml.Node, field, problem string) {
	if d.err == nil {
		d.err = bench.Usagef("%s:%d: %s: %s", d.file, n.Line, field, problem)
	}
}

// mapping gives the values of a mapping that may have these keys.
func (d *waiverDecoder) mapping(field string, n *yaml.Node, keys ...string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		d.fail(n, field, "want a mapping (field: value)")
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case !slices.Contains(keys, key.Value):
			d.fail(key, within(field, key.Value), "unknown field; it is one of "+strings.Join(keys, " "))
		case out[key.Value] != nil:
			d.fail(key, within(field, key.Value), "stands here twice")
		}
		out[key.Value] = n.Content[i+1]
	}
	return out
}

func within(field, key string) string { return strings.TrimPrefix(field+"."+key, "file.") }

// list gives the items of a list, which may be missing or empty.
func (d *waiverDecoder) list(field string, n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil || n.Tag == "!!null":
		return nil
	case n.Kind != yaml.SequenceNode:
		d.fail(n, field, "want a list")
		return nil
	}
	return n.Content
}

// text gives a text that must not be empty; parent stands for it where it is
// missing.
func (d *waiverDecoder) text(field string, n, parent *yaml.Node) string {
	switch {
	case n == nil:
		d.fail(parent, field, "missing")
		return ""
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "":
		d.fail(n, field, "want a text")
		return ""
	}
	return strings.TrimSpace(n.Value)
}

func (d *waiverDecoder) waiver(field string, n *yaml.Node) Waiver {
	w := Waiver{Place: fmt.Sprintf("%s:%d", d.file, n.Line)}
	has := d.mapping(field, n, "cell", "verdict", "reason", "link", "expires")
	text := func(key string) string { return d.text(within(field, key), has[key], n) }
	w.Cell = text("cell")
	if problem, hint := checkSelector(w.Cell); problem != "" {
		d.fail(has["cell"], within(field, "cell"), problem+"; "+hint)
	}
	if word := text("verdict"); word != "" {
		v, err := bench.ParseVerdict(word)
		if err != nil || v < bench.Broken {
			d.fail(has["verdict"], within(field, "verdict"), fmt.Sprintf("%q is not one of broken failed degraded held", word))
		}
		w.Verdict = v
	}
	if w.Reason = text("reason"); strings.HasPrefix(strings.ToLower(w.Reason), "todo") {
		d.fail(has["reason"], within(field, "reason"), "say why this is expected")
	}
	if has["link"] != nil {
		w.Link = text("link")
	}
	if day := text("expires"); day != "" {
		t, err := time.Parse(dayForm, day)
		if err != nil {
			d.fail(has["expires"], within(field, "expires"), fmt.Sprintf("%q is not a day, such as 2027-01-31", day))
		}
		w.Expires = t
	}
	return w
}
