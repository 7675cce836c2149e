package main

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// onGitHub says that GitHub Actions reads what this process writes: a line that
// begins with "::", and "##[" anywhere, is a command to its runner
// (docs.github.com, "Workflow commands for GitHub Actions").
func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// defused writes text for people to a log that GitHub reads: a zero-width space
// keeps what a server wrote, or what it is called, from being a command. It
// takes whole lines in one Write, as they are written here.
type defused struct{ to io.Writer }

// unwrapped is the writer for data and for benchrun's own commands.
func unwrapped(w io.Writer) io.Writer {
	if d, ok := w.(defused); ok {
		return d.to
	}
	return w
}

// Write implements io.Writer.
func (d defused) Write(p []byte) (int, error) {
	if _, err := d.to.Write(defuse(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

const zeroWidthSpace = "\u200b"

func defuse(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		rest := bytes.TrimLeft(line, " \t\r")
		out.Write(line[:len(line)-len(rest)])
		if bytes.HasPrefix(rest, []byte("::")) {
			out.WriteString(zeroWidthSpace)
		}
		out.WriteString(strings.ReplaceAll(string(rest), "##[", "##"+zeroWidthSpace+"["))
	}
	return out.Bytes()
}
