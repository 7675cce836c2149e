// Package strictyaml reads the YAML files that people write for benchrun:
// whatever in them is not known, missing or of the wrong type is an error that
// names file, line and field. It knows no particular file.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
)

// Decode reads one document into a struct. Every error is a bench.UsageError
// "file:line: field: problem". texts are the Go types, such as "targets.AppKind",
// that are texts to whoever writes the file.
func Decode(file string, text []byte, into any, texts ...string) (*Source, error) {
	if !IsText(text) {
		return nil, bench.Usagef("%s: not a text file", file)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, syntaxError(file, text, err)
	}
	if len(root.Content) == 0 {
		return nil, bench.Usagef("%s:1: the file is empty", file)
	}
	src := &Source{file: file, texts: texts, lines: map[string]int{}}
	if err := src.walk("", root.Content[0], reflect.TypeOf(into), nil, 0); err != nil {
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
	lines  map[string]int // of the fields, by their paths
}

type field struct {
	path  string // "profiles.default.workers", "command[2]"
	line  int
	node  *yaml.Node
	known []string // the fields that may stand where this one does; nil = any
	value bool     // it is what stands behind a name, and no name
}

// What a file may have: what is written here grows with the paths of all fields,
// and the decoder compares each key of a mapping with each other.
const (
	// MostFields is how many fields and items a file may have.
	MostFields = 20_000

	mostDepth = 30
	mostKey   = 200 // bytes
)

// walk notes the fields of a node that is decoded into a type (nil = not known),
// and where the node is the value of a field, which ones may stand there.
func (s *Source) walk(path string, n *yaml.Node, t reflect.Type, known []string, depth int) error {
	switch {
	case len(s.fields) >= MostFields:
		return bench.Usagef("%s:%d: more than %d fields", s.file, n.Line, MostFields)
	case depth > mostDepth:
		return bench.Usagef("%s:%d: more than %d levels deep", s.file, n.Line, mostDepth)
	}
	s.note(field{path, n.Line, n, known, true})
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.Kind {
	case yaml.MappingNode:
		names, types, other := mapping(t)
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if len(key.Value) > mostKey {
				return bench.Usagef("%s:%d: the name of a field is longer than %d bytes", s.file, key.Line, mostKey)
			}
			child := strings.TrimPrefix(path+"."+key.Value, ".")
			if first, twice := lines[key.Value]; twice && key.Kind == yaml.ScalarNode {
				return bench.Usagef("%s:%d: %s: appears twice, first in line %d", s.file, key.Line, bench.Clean(child), first)
			}
			lines[key.Value] = key.Line
			of, ok := types[key.Value]
			if !ok {
				of = other
			}
			s.note(field{child, key.Line, key, names, false})
			if err := s.walk(child, n.Content[i+1], of, nil, depth+1); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		var item reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			item = t.Elem()
		}
		for i, of := range n.Content {
			if err := s.walk(fmt.Sprintf("%s[%d]", path, i), of, item, nil, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps a field. The first of a path has its line.
func (s *Source) note(f field) {
	if _, ok := s.lines[f.path]; !ok {
		s.lines[f.path] = f.line
	}
	s.fields = append(s.fields, f)
}

// mapping gives the fields that a mapping may have, in the order in which they
// are declared, and their types; or the type of its field.
func mapping(t reflect.Type) (names []string, types map[string]reflect.Type, other reflect.Type) {
	switch {
	case t == nil:
	case t.Kind() == reflect.Map:
		other = t.Elem()
	case t.Kind() == reflect.Struct:
		types = map[string]reflect.Type{}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "-" || !f.IsExported() {
				continue
			}
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			names = append(names, name)
			types[name] = f.Type
		}
	}
	return names, types, other
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

// Schema is the error of a file that names no format, or another one than want.
func (s *Source) Schema(named, want string) error {
	switch named {
	case want:
		return nil
	case "":
		return s.Errorf("schema", "missing; want %s", want)
	}
	return s.Errorf("schema", "%q is not known to this benchrun; want %s", named, want)
}

// Indent is what stands before the dashes of a list, where the file has it and
// it has items on lines of their own.
func (s *Source) Indent(path string) (indent string, ok bool) {
	for _, f := range s.fields {
		if f.path == path && f.node.Kind == yaml.SequenceNode && len(f.node.Content) > 0 {
			return strings.Repeat(" ", max(f.node.Column-1, 0)), true
		}
	}
	return "", false
}

// Scalar writes a text as YAML does, on one line.
func Scalar(text string) string {
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if strings.ContainsAny(text, "\n\t:#'\"\\{}[]&*!|>%@`") || strings.TrimSpace(text) != text {
		n.Style = yaml.DoubleQuotedStyle
	}
	b, err := yaml.Marshal(&n)
	if err != nil {
		return strconv.Quote(text)
	}
	return strings.TrimSuffix(string(b), "\n")
}

// Text is a field's value, as it stands in the file.
type Text struct {
	Path, Text string
	Line       int
}

// Texts are all values of the file that are no lists and no mappings, in their order.
func (s *Source) Texts() []Text {
	var out []Text
	for _, f := range s.fields {
		if f.value && f.node.Kind == yaml.ScalarNode {
			out = append(out, Text{Path: f.path, Text: f.node.Value, Line: f.line})
		}
	}
	return out
}

// Line is the line of a field, where the file has it.
func (s *Source) Line(path string) (line int, ok bool) {
	line, ok = s.lines[path]
	return line, ok
}

// The decoder's own words, of which only the line and the value are of use to
// somebody who does not know the Go types.
var (
	lineError    = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`(?s)^field (.*) not found in type `)
	wrongType    = regexp.MustCompile("(?s)^cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
	yamlPrefix   = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
)

// typeError puts the decoder's first complaint into the user's words.
func (s *Source) typeError(err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) || len(te.Errors) == 0 {
		return bench.Usagef("%s: %v", s.file, err)
	}
	m := lineError.FindStringSubmatch(te.Errors[0])
	if m == nil {
		return bench.Usagef("%s: %s", s.file, te.Errors[0])
	}
	line, _ := strconv.Atoi(m[1]) // digits by the pattern
	problem, hint := m[2][:min(len(m[2]), mostKey)], ""
	path := s.pathAt(line, func(*yaml.Node) bool { return true })
	if u := unknownField.FindStringSubmatch(problem); u != nil {
		at := s.fieldAt(line, func(n *yaml.Node) bool { return n.Value == u[1] })
		path, problem = at.path, "unknown field"
		if len(at.known) > 0 {
			hint = bench.DidYouMean(u[1], at.known)
		}
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

func (s *Source) pathAt(line int, fits func(*yaml.Node) bool) string {
	return s.fieldAt(line, fits).path
}

// fieldAt is the last, that is the innermost, field on a line that fits.
func (s *Source) fieldAt(line int, fits func(*yaml.Node) bool) field {
	out := field{path: "file"}
	for _, f := range s.fields {
		if f.line == line && f.path != "" && fits(f.node) {
			out = f
		}
	}
	return out
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
	if strings.HasPrefix(goType, "[]") {
		return "a list"
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

// IsText says whether a file that people write is text: UTF-8 without control
// characters other than white space.
func IsText(text []byte) bool {
	return utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// tabbed is a line that a tab indents, or the text behind its dash.
var tabbed = regexp.MustCompile(`^[ -]*\t`)

// The YAML parser's own words, and what a user can do about them.
var syntaxHints = map[string]string{
	"did not find expected alphabetic or numeric character": "a text that begins with * needs quotes",
}

// syntaxError says "near": the line in the errors of the YAML parser is, for some
// of them, the one before.
func syntaxError(file string, text []byte, err error) error {
	problem, line := err.Error(), 1
	if m := yamlPrefix.FindStringSubmatch(problem); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
		problem = problem[len(m[0]):]
	}
	if strings.Contains(problem, "tab character") || strings.Contains(problem, "cannot start any token") { // the words for a tab
		lines := strings.Split(string(text), "\n")
		for at := line; at <= min(line+1, len(lines)); at++ {
			if tabbed.MatchString(lines[at-1]) {
				return bench.Usagef("%s:%d: this line is indented with a tab: YAML needs spaces", file, at)
			}
		}
	}
	return &bench.UsageError{
		Problem: fmt.Sprintf("%s:%d: not YAML, near this line: %s", file, line, problem),
		Hint:    syntaxHints[problem],
	}
}
