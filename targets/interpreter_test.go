package targets

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestChooseInterpreter(t *testing.T) {
	py, err := RunProgram(supervised).chooseInterpreter(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := RunProgram(supervised).chooseInterpreter(t.Context(), py.path, nil); err != nil || again != py {
		t.Errorf("chosen by its path: %+v, %v, want %+v", again, err, py)
	}
	dir := t.TempDir()
	fake := write(t, dir, "python", "#!/bin/sh\necho hello\n")
	if err := os.Chmod(fake, 0o755); err != nil {
		t.Fatal(err)
	}
	old := write(t, dir, "old", "#!/bin/sh\nprintf '/usr/bin/old\\n3.8.18\\ncpython-38\\n'\n")
	if err := os.Chmod(old, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/no/such/python": "stat /no/such/python: no such file",
		fake:              `does not answer like a Python interpreter: "hello"`,
		old:               "is Python 3.8.18; 3.9 or later is needed",
	} {
		_, err := RunProgram(supervised).chooseInterpreter(t.Context(), path, nil)
		wantEnvironment(t, err, "the current user cannot use the Python interpreter "+path)
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--python "+defaultPython) {
			t.Errorf("%s: got %q, want it to say %q and the way out", path, err, want)
		}
	}
}

func TestInterpreterMustBeUsableByTheUser(t *testing.T) {
	user := nobody(t)
	real, err := exec.LookPath(defaultPython)
	if err != nil {
		t.Skip("no " + defaultPython)
	}
	dir := openDir(t)
	closed := filepath.Join(dir, "closed")
	if err := errors.Join(os.Mkdir(closed, 0o700), os.Symlink(real, filepath.Join(closed, "python3"))); err != nil {
		t.Fatal(err)
	}
	_, err = RunProgram(supervised).chooseInterpreter(t.Context(), filepath.Join(closed, "python3"), user)
	wantEnvironment(t, err, "user nobody (uid 65534) cannot use the Python interpreter "+closed)
	if !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%q does not say why", err)
	}
	// The choice skips an interpreter that the user cannot run.
	t.Setenv("PATH", closed)
	if py, err := RunProgram(supervised).chooseInterpreter(t.Context(), "", user); err != nil || strings.HasPrefix(py.path, closed) {
		t.Errorf("chose %+v, %v", py, err)
	}
}

// If no program can run, that is not the interpreters' fault.
func TestInterpreterWithoutAPlaceToRunIt(t *testing.T) {
	t.Setenv("TMPDIR", "/no such folder")
	for _, wanted := range []string{"", defaultPython} {
		_, err := RunProgram(supervised).chooseInterpreter(t.Context(), wanted, nil)
		wantEnvironment(t, err, "cannot make a scratch folder")
	}
}
