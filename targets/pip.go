package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"benchrun/internal/intake"
)

// pip makes a Python environment and installs packages into it, with uv where that is
// installed.
type pip struct {
	python       interpreter
	requirements []string
	files        bool // some of them are files or folders
}

func (p pip) install(ctx context.Context, t tool, run RunProgram, folder string) error {
	python := filepath.Join(folder, "bin", "python")
	venv, install, noCache := []string{p.python.path, "-m", "venv", folder}, []string{python, "-m", "pip", "install"}, "--no-cache-dir"
	if haveUV() {
		venv, install, noCache = []string{"uv", "venv", "--python", p.python.path, folder}, []string{"uv", "pip", "install", "--python", python}, "--no-cache"
	}
	if err := t.step(ctx, run, venv...); err != nil || len(p.requirements) == 0 {
		return err
	}
	requirements := p.requirements
	if p.files {
		// uv recognizes a folder by the time of its project file, and pip recognizes one
		// that is named like a release (gunicorn-27.0.1) by its name, whatever has changed.
		install = append(install, noCache)
		var err error
		if requirements, err = copySources(requirements, filepath.Join(folder, "source")); err != nil {
			return err
		}
	}
	err := t.step(ctx, run, append(install, requirements...)...)
	err = errors.Join(err, os.RemoveAll(filepath.Join(folder, "source"))) // it is no longer needed
	if err != nil {
		return err
	}
	return linkPrograms(folder)
}

// linkPrograms links the native programs that a package has in a folder bin of its own, as
// those of compilers and runtimes do, into the environment's bin, unless it has others of
// their names.
func linkPrograms(folder string) error {
	found, err := filepath.Glob(filepath.Join(folder, "lib", "python*", "site-packages", "*", "bin", "*"))
	if err != nil {
		return err
	}
	for _, program := range found {
		if native, err := isNative(program); err != nil || !native {
			if err != nil {
				return err
			}
			continue
		}
		err := os.Symlink(program, filepath.Join(folder, "bin", filepath.Base(program)))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return cacheError(err)
		}
	}
	return nil
}

// isNative says whether a file is a program that the kernel runs without an interpreter.
func isNative(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o100 == 0 {
		return false, err
	}
	f, err := intake.Open(context.Background(), path, intake.Kind{Most: math.MaxInt64 - 1}) // a runtime is large
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // only read
	magic := make([]byte, 4)
	if _, err := io.ReadFull(f, magic); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return bytes.Equal(magic, []byte("\x7fELF")), nil
}

// copySources copies checkouts, so that they are built in the copies. Otherwise a build
// tool would leave files beside the sources, and would reuse files of an earlier build:
// modules that no longer exist, or that are newer than a restored source. It returns the
// requirements with the copies, and with the paths of files as URLs.
func copySources(requirements []string, into string) ([]string, error) {
	out := slices.Clone(requirements)
	for i, req := range requirements {
		name, path, ok := strings.Cut(req, atFile)
		if !ok {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			target := filepath.Join(into, fmt.Sprint(i))
			if err := copySource(path, target); err != nil {
				return nil, err
			}
			path = target
		}
		out[i] = name + atFile + (&url.URL{Path: path}).EscapedPath()
	}
	return out, nil
}

func haveUV() bool {
	_, err := exec.LookPath("uv")
	return err == nil
}
