// Package strictyaml reads the YAML files that people write for benchrun:
// whatever in them is not known, missing or of the wrong type is an error that
// names file, line and field. It knows no particular file.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
)

// Decode reads one document into a struct. Every error is a bench.UsageError
// "file:line: field: problem". texts are the Go types, such as "targets.AppKind",
// that are texts to whoever writes the file.
func Decode(file string, text []byte, into any, texts ...string) (*Source, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, syntaxError(file, err)
	}
	if len(root.Content) == 0 {
		return nil, bench.Usagef("%s:1: the file is empty", file)
	}
	src := &Source{file: file, texts: texts}
	if err := src.walk("", root.Content[0], 0); err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return nil, src.typeError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, bench.Usagef("%s: more than one YAML document in a file", file)
	}
	return src, nil
}

// Source knows on which line each field of a file stands, so that errors can
// say both: the decoder tells only lines, the checks know only fields.
type Source struct {
	file   string
	texts  []string // Go types that are texts to the user
	fields []field
}

type field struct {
	path string // "profiles.default.workers", "command[2]"
	line int
	node *yaml.Node
}

// What a file may have: what is written here grows with the paths of all fields,
// and the decoder compares each key of a mapping with each other.
const (
	mostFields = 10_000
	mostDepth  = 30
	mostKey    = 200 // bytes
)

func (s *Source) walk(path string, n *yaml.Node, depth int) error {
	switch {
	case len(s.fields) >= mostFields:
		return bench.Usagef("%s:%d: more than %d fields", s.file, n.Line, mostFields)
	case depth > mostDepth:
		return bench.Usagef("%s:%d: more than %d levels deep", s.file, n.Line, mostDepth)
	}
	s.fields = append(s.fields, field{path, n.Line, n})
	switch n.Kind {
	case yaml.MappingNode:
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if len(key.Value) > mostKey {
				return bench.Usagef("%s:%d: the name of a field is longer than %d bytes", s.file, key.Line, mostKey)
			}
			child := strings.TrimPrefix(path+"."+key.Value, ".")
			if first, twice := lines[key.Value]; twice && key.Kind == yaml.ScalarNode {
				return bench.Usagef("%s:%d: %s: stands here twice, the other one in line %d", s.file, key.Line, child, first)
			}
			lines[key.Value] = key.Line
			s.fields = append(s.fields, field{child, key.Line, key})
			if err := s.walk(child, n.Content[i+1], depth+1); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if err := s.walk(fmt.Sprintf("%s[%d]", path, i), item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// Errorf makes the error for a field; a field that the file does not have is
// shown at the nearest part of its path that it has.
func (s *Source) Errorf(path, format string, args ...any) error {
	line := 1
	for p := path; p != ""; p = p[:max(0, strings.LastIndexAny(p, ".["))] {
		if at, ok := s.Line(p); ok {
			line = at
			break
		}
	}
	return &bench.UsageError{Problem: said(s.file, line, path, fmt.Sprintf(format, args...))}
}

// Line is the line of a field, where the file has it.
func (s *Source) Line(path string) (line int, ok bool) {
	for _, f := range s.fields {
		if f.path == path {
			return f.line, true
		}
	}
	return 0, false
}

// The decoder's own words, of which only the line and the value are of use to
// somebody who does not know the Go types.
var (
	lineError    = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (.*) not found in type `)
	wrongType    = regexp.MustCompile("^cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
	yamlPrefix   = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
)

// typeError puts the decoder's first complaint into the user's words.
func (s *Source) typeError(err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) || len(te.Errors) == 0 {
		return syntaxError(s.file, err)
	}
	m := lineError.FindStringSubmatch(te.Errors[0])
	if m == nil {
		return bench.Usagef("%s: %s", s.file, te.Errors[0])
	}
	line, _ := strconv.Atoi(m[1]) // digits by the pattern
	problem, hint := m[2][:min(len(m[2]), mostKey)], ""
	path := s.pathAt(line, func(*yaml.Node) bool { return true })
	if u := unknownField.FindStringSubmatch(problem); u != nil {
		path = s.pathAt(line, func(n *yaml.Node) bool { return n.Value == u[1] })
		problem = "unknown field"
	} else if w := wrongType.FindStringSubmatch(problem); w != nil {
		found := strings.TrimSuffix(w[2], "...") // long values are cut
		path = s.pathAt(line, func(n *yaml.Node) bool {
			return n.ShortTag() == w[1] && strings.HasPrefix(n.Value, found)
		})
		problem = fmt.Sprintf("want %s, found %s", s.wanted(w[3]), foundWord(w[1], w[2]))
		if w[1] == "!!map" && s.wanted(w[3]) == "text" {
			hint = "a text with \": \" in it needs quotes"
		}
	}
	return &bench.UsageError{Problem: said(s.file, line, path, problem), Hint: hint}
}

// said is "file:line: field: problem" on one line, whatever a key holds.
func said(file string, line int, path, problem string) string {
	return fmt.Sprintf("%s:%d: %s: %s", bench.Clean(file), line, bench.Clean(path), bench.Clean(problem))
}

// pathAt is the last, that is the innermost, field on a line that fits.
func (s *Source) pathAt(line int, fits func(*yaml.Node) bool) string {
	path := "file"
	for _, f := range s.fields {
		if f.line == line && f.path != "" && fits(f.node) {
			path = f.path
		}
	}
	return path
}

func (s *Source) wanted(goType string) string {
	if slices.Contains(s.texts, goType) {
		return "text"
	}
	switch goType {
	case "string":
		return "text"
	case "int", "uint64":
		return "a whole number"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "[]string":
		return "a list of texts"
	}
	return "a mapping (field: value)"
}

func foundWord(tag, value string) string {
	switch tag {
	case "!!map":
		return "a mapping"
	case "!!seq":
		return "a list"
	}
	return strconv.Quote(value)
}

// notAnAlias is what the parser says of a text that begins with a glob.
const notAnAlias = "did not find expected alphabetic or numeric character"

// syntaxError says "near": the line in the errors of the YAML parser is, for some
// of them, the one before.
func syntaxError(file string, err error) error {
	text := err.Error()
	line := "1"
	if m := yamlPrefix.FindStringSubmatch(text); m != nil {
		if m[1] != "" {
			line = m[1]
		}
		text = text[len(m[0]):]
	}
	e := &bench.UsageError{Problem: fmt.Sprintf("%s:%s: not YAML, near this line: %s", file, line, text)}
	if text == notAnAlias {
		e.Hint = "a text that begins with * needs quotes"
	}
	return e
}
