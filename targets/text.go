package targets

import (
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

// Text is the server's file, with a comment that says where it comes from. It can be used
// as a server file as it is: it says that it takes the place of the server that it is of.
func (s *Server) Text() (string, error) {
	text := "# Where this is from: " + bench.Clean(s.File) + "\n" + s.text
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if s.Replaces || s.ByCommand != nil {
		return text, nil
	}
	src, err := strictyaml.Decode(s.File, []byte(text), &Server{}, "targets.AppKind")
	if err != nil {
		return "", err
	}
	at, _ := src.Line("schema") // check has seen it
	lines := strings.SplitAfter(text, "\n")
	const replaces = "replaces: true # with another name this line can go, and benchrun knows both\n"
	if !strings.HasPrefix(lines[at-1], "schema:") { // the whole file is one mapping in brackets
		return text, nil
	}
	return strings.Join(lines[:at], "") + replaces + strings.Join(lines[at:], ""), nil
}
