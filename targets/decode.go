package targets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
)

// decode reads one server file strictly and checks it. Every error is a
// bench.UsageError "file:line: field: problem".
func decode(file string, text []byte) (*Server, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, syntaxError(file, err)
	}
	if len(root.Content) == 0 {
		return nil, bench.Usagef("%s:1: the file is empty", file)
	}
	src := source{file: file}
	src.walk("", root.Content[0])

	s := &Server{File: file}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(s); err != nil {
		return nil, src.typeError(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, bench.Usagef("%s: more than one YAML document; one server a file", file)
	}
	if err := check(s, src); err != nil {
		return nil, err
	}
	return s, nil
}

// source knows on which line each field of a file stands, so that errors can
// say both: the decoder tells only lines, the checks know only fields.
type source struct {
	file   string
	fields []field
}

type field struct {
	path string // "profiles.default.workers", "command[2]"
	line int
	node *yaml.Node
}

func (s *source) walk(path string, n *yaml.Node) {
	s.fields = append(s.fields, field{path, n.Line, n})
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			child := strings.TrimPrefix(path+"."+key.Value, ".")
			s.fields = append(s.fields, field{child, key.Line, key})
			s.walk(child, n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			s.walk(fmt.Sprintf("%s[%d]", path, i), item)
		}
	}
}

// errorf makes the error for a field; a field that the file does not have is
// shown at the nearest part of its path that it has.
func (s *source) errorf(path, format string, args ...any) error {
	line := 1
	for p := path; p != ""; p = p[:max(0, strings.LastIndexAny(p, ".["))] {
		if at, ok := s.line(p); ok {
			line = at
			break
		}
	}
	return bench.Usagef("%s:%d: %s: %s", s.file, line, path, fmt.Sprintf(format, args...))
}

func (s *source) line(path string) (int, bool) {
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
	lineError     = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownField  = regexp.MustCompile(`^field (.*) not found in type `)
	repeatedField = regexp.MustCompile(`^mapping key "(.*)" already defined at line (\d+)`)
	wrongType     = regexp.MustCompile("^cannot unmarshal (!!\\w+)(?: `(.*)`)? into (.*)$")
	yamlPrefix    = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
)

// typeError puts the decoder's first complaint into the user's words.
func (s *source) typeError(err error) error {
	var te *yaml.TypeError
	if !errors.As(err, &te) || len(te.Errors) == 0 {
		return syntaxError(s.file, err)
	}
	m := lineError.FindStringSubmatch(te.Errors[0])
	if m == nil {
		return bench.Usagef("%s: %s", s.file, te.Errors[0])
	}
	line, _ := strconv.Atoi(m[1]) // digits by the pattern
	problem := m[2]
	path := s.pathAt(line, func(*yaml.Node) bool { return true })
	if u := unknownField.FindStringSubmatch(problem); u != nil {
		path = s.pathAt(line, func(n *yaml.Node) bool { return n.Value == u[1] })
		problem = "unknown field"
	} else if r := repeatedField.FindStringSubmatch(problem); r != nil {
		path = s.pathAt(line, func(n *yaml.Node) bool { return n.Value == r[1] })
		problem = "stands here twice, the other one in line " + r[2]
	} else if w := wrongType.FindStringSubmatch(problem); w != nil {
		found := strings.TrimSuffix(w[2], "...") // long values are cut
		path = s.pathAt(line, func(n *yaml.Node) bool {
			return n.ShortTag() == w[1] && strings.HasPrefix(n.Value, found)
		})
		problem = fmt.Sprintf("want %s, found %s", wanted(w[3]), foundWord(w[1], w[2]))
	}
	return bench.Usagef("%s:%d: %s: %s", s.file, line, path, problem)
}

// pathAt is the last, that is the innermost, field on a line that fits.
func (s *source) pathAt(line int, fits func(*yaml.Node) bool) string {
	path := "file"
	for _, f := range s.fields {
		if f.line == line && f.path != "" && fits(f.node) {
			path = f.path
		}
	}
	return path
}

func wanted(goType string) string {
	switch goType {
	case "string", "targets.AppKind":
		return "text"
	case "int":
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
	return bench.Usagef("%s:%s: not YAML, near this line: %s", file, line, text)
}
