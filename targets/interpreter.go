package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// defaultPython is tried first: every user can run a distribution's own interpreter, but
// often not one in somebody's home folder.
const defaultPython = "/usr/bin/python3"

// minPython is the minor version of the oldest Python 3 that apps/wsgi/app.py supports.
const minPython = 9

// interpreter is a Python that the run-as user can run.
type interpreter struct {
	path    string // sys.executable
	version string // "3.11.2"
	tag     string // "cpython-311": what compiled modules are built for
}

// chooseInterpreter returns the wanted interpreter or, if wanted is "", the first usable
// one of defaultPython and each python3 on PATH. If none is usable, it returns a
// bench.EnvironmentError that says why and what to do.
func (run RunProgram) chooseInterpreter(ctx context.Context, wanted string, user *RunAs) (interpreter, error) {
	if wanted != "" {
		py, err := run.inspect(ctx, wanted, user)
		if hinted(err) {
			return interpreter{}, err
		}
		if err != nil {
			return interpreter{}, &bench.EnvironmentError{
				Problem: fmt.Sprintf("%s cannot use the Python interpreter %s", user, wanted),
				Hint:    "give one that it can, for example --python " + defaultPython + ", or run benchrun as an ordinary user",
				Err:     err,
			}
		}
		return py, nil
	}
	var reasons []error
	for _, path := range pythonCandidates() {
		py, err := run.inspect(ctx, path, user)
		if err == nil {
			return py, nil
		}
		if ctx.Err() != nil {
			return interpreter{}, err
		}
		if hinted(err) { // not the interpreter's fault
			return interpreter{}, err
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", path, err))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, errors.New("there is none"))
	}
	return interpreter{}, &bench.EnvironmentError{
		Problem: fmt.Sprintf("no Python interpreter that %s can use", user),
		Hint:    "run: sudo apt-get install -y python3, or give one with --python",
		Err:     errors.Join(reasons...),
	}
}

// hinted says that the machine causes an error, and that the error itself says what to do:
// for example, there is no space for running a program.
func hinted(err error) bool {
	var env *bench.EnvironmentError
	return errors.As(err, &env) && env.Hint != ""
}

func pythonCandidates() []string {
	var found []string
	for _, folder := range append([]string{filepath.Dir(defaultPython)}, filepath.SplitList(os.Getenv("PATH"))...) {
		path := filepath.Join(folder, "python3")
		if _, err := os.Stat(path); err == nil && filepath.IsAbs(path) && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// inspectScript fails if the standard library, or a part of it that the app needs, is
// missing or unreadable.
const inspectScript = `import sys, ctypes, hashlib, json, threading
print(sys.executable)
print("%d.%d.%d" % sys.version_info[:3])
print(sys.implementation.cache_tag + getattr(sys, "abiflags", ""))`

func (run RunProgram) inspect(ctx context.Context, path string, user *RunAs) (interpreter, error) {
	found, err := exec.LookPath(path)
	if err != nil {
		return interpreter{}, err
	}
	found, err = filepath.Abs(found)
	if err != nil {
		return interpreter{}, err
	}
	out, err := run.ask(ctx, user, found, "-c", inspectScript)
	if err != nil {
		return interpreter{}, err
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !filepath.IsAbs(lines[0]) {
		return interpreter{}, fmt.Errorf("does not answer like a Python interpreter: %q", clip(lines[0]))
	}
	py := interpreter{path: lines[0], version: lines[1], tag: lines[2]}
	parts := strings.Split(py.version, ".")
	minor, _ := strconv.Atoi(parts[1]) // the script prints it with %d
	if parts[0] != "3" || minor < minPython {
		return interpreter{}, fmt.Errorf("is Python %s; 3.%d or later is needed", py.version, minPython)
	}
	return py, nil
}
