package targets

import (
	"strings"
	"testing"
)

func TestLackedPackages(t *testing.T) {
	debian, other := interpreter{path: "/usr/bin/python3", version: "3.11.2"}, interpreter{path: "/opt/python/bin/python3", version: "3.12.1"}
	for printed, want := range map[string]string{
		"bjoern/_bjoernmodule.c:1:10: fatal error: Python.h: No such file or directory":                                     "python3.11-dev",
		"src/x.c:3:10: fatal error: openssl/ssl.h: No such file or directory\ncompilation terminated.":                      "libssl-dev",
		"/usr/bin/ld: cannot find -lssl: No such file or directory":                                                         "libssl-dev",
		"bjoern/request.h:4:10: fatal error: ev.h: No such file or directory":                                               "libev-dev",
		"error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory":                                           "gcc libc6-dev",
		"error: command 'gcc' failed: No such file or directory":                                                            "gcc libc6-dev",
		"gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory":                                     "g++",
		"/bin/sh: 1: make: not found":                                                                                       "make",
		"gyp ERR! stack Error: not found: make":                                                                             "make",
		"Cargo, the Rust package manager, is not installed or is not on PATH.":                                              "cargo rustc",
		"error: can't find Rust compiler":                                                                                   "cargo rustc",
		"FileNotFoundError: [Errno 2] No such file or directory: 'cargo'":                                                   "cargo rustc",
		"RuntimeError: The 'apxs' command appears not to be installed or is not executable.":                                "apache2-dev",
		"ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?":                                  "git",
		"Error: pg_config executable not found.":                                                                            "libpq-dev",
		"FileNotFoundError: [Errno 2] No such file or directory: 'cmake'":                                                   "cmake",
		"a.c:1:10: fatal error: ffi.h: No such file or directory\nb.c:1:10: fatal error: zlib.h: No such file or directory": "libffi-dev zlib1g-dev",
		"b.c:1: fatal error: dev.h: No such file or directory":                                                              "",
		"ld: cannot find -levil: No such file":                                                                              "",
		"running build_ext\nsuccess: gcc, make, cargo and cmake found":                                                      "",
	} {
		if got := strings.Join(lackedPackages(printed, debian), " "); got != want {
			t.Errorf("%q: %q, want %q", printed, got, want)
		}
	}
	if got := lackedPackages("fatal error: Python.h: No such file", other); len(got) > 0 {
		t.Errorf("for a Python that is not Debian's: %v", got)
	}
	if hint := lackHint([]string{"a-dev", "b-dev"}, true); hint != "it probably lacks a-dev, b-dev: run: "+byHand([]string{"a-dev", "b-dev"}) {
		t.Error(hint)
	}
	if hint := lackHint([]string{"a-dev"}, false); hint != "it probably lacks what Debian calls a-dev: install that" {
		t.Error(hint)
	}
}

func TestDecodeLacks(t *testing.T) {
	if known, err := knownLacks(); err != nil || len(known) < 30 {
		t.Errorf("%d, %v", len(known), err)
	}
	for _, wrong := range []string{"missing: [{says: '(', packages: [a]}]", "missing: [{says: a}]", "missing: [{says: a, packages: ['-y']}]", "missing: [{say: a}]"} {
		if _, err := decodeLacks("missing.yaml", []byte(wrong)); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}

func TestLastLines(t *testing.T) {
	if got := strings.Join(lastLines("one\n\n  two\r\n\n"), "\n"); got != "| one\n|   two" {
		t.Errorf("%q", got)
	}
	if got := lastLines(strings.Repeat("x\n", 100) + strings.Repeat("y", 1000)); len(got) != 15 || len(got[14]) > 310 {
		t.Errorf("%d lines", len(got))
	}
}
