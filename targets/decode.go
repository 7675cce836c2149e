package targets

import "benchrun/internal/strictyaml"

// decode reads one server file strictly and checks it. Every error is a
// bench.UsageError "file:line: field: problem".
func decode(file string, text []byte) (*Server, error) {
	s := &Server{File: file}
	src, err := strictyaml.Decode(file, text, s, "targets.AppKind")
	if err != nil {
		return nil, err
	}
	if err := check(s, src); err != nil {
		return nil, err
	}
	return s, nil
}
