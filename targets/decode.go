package targets

import (
	"strings"

	"benchrun/internal/strictyaml"
)

// draftMark begins a text that is still to be filled in.
const draftMark = "TODO"

// decode reads one server file strictly and checks it. Every error is a
// bench.UsageError "file:line: field: problem".
func decode(file string, text []byte) (*Server, error) {
	s := &Server{File: file, text: string(text)}
	src, err := strictyaml.Decode(file, text, s, "targets.AppKind")
	if err != nil {
		return nil, err
	}
	if err := check(s, src); err != nil {
		return nil, err
	}
	for _, f := range src.Texts() {
		if strings.HasPrefix(f.Text, draftMark) {
			s.Drafts = append(s.Drafts, Draft{Field: f.Path, Text: f.Text, Line: f.Line})
		}
	}
	return s, nil
}
