package targets

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"benchrun/internal/bench"
)

// This file says what an installation would find on this machine, without installing
// anything.

// Needs lists what a profile needs installed, the server's own needs first, and whether it
// runs on Python. version "" means that of the server file. An unknown profile or an
// impossible version is a bench.UsageError.
func (s *Server) Needs(profile, version string) (needs Requirements, python bool, err error) {
	p, err := s.Profile(profile)
	if err != nil {
		return Requirements{}, false, err
	}
	if version, err = s.wantedVersion(s.Install.and(p.Install), version); err != nil {
		return Requirements{}, false, err
	}
	return s.requirements(p, version), s.usesPython(p), nil
}

// FindPython returns the interpreter that Install would choose: its path and its version
// ("3.11.2"). If none is usable, it returns a bench.EnvironmentError with the way out.
func FindPython(ctx context.Context, run RunProgram, wanted string, user *RunAs) (path, version string, err error) {
	py, err := run.chooseInterpreter(ctx, wanted, user)
	return py.path, py.version, err
}

// EnvironmentMaker names what would make Python environments for the interpreter python:
// "uv" or "venv". If there is neither, it returns a bench.EnvironmentError, although Install
// may still get venv from Debian's packages.
func EnvironmentMaker(ctx context.Context, run RunProgram, python string) (string, error) {
	if haveUV() {
		return "uv", nil
	}
	if _, err := run.ask(ctx, nil, python, "-c", "import venv, ensurepip"); err != nil {
		return "", &bench.EnvironmentError{
			Problem: fmt.Sprintf("%s cannot make environments: it has no venv with pip, and there is no uv", python),
			Hint:    "run: " + byHand([]string{"python3-venv"}),
		}
	}
	return "venv", nil
}

// MissingPackages lists which of the Debian packages are not installed, and the command
// that installs them. debian is false on other systems, where benchrun cannot tell.
func MissingPackages(ctx context.Context, packages []string) (missing []string, command string, debian bool) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		return nil, "", false
	}
	if missing = missingPackages(ctx, packages); len(missing) > 0 {
		command = byHand(missing)
	}
	return missing, command, true
}

// PackagesAs says how benchrun can install Debian packages without a password: as "root",
// with "sudo", or "" for not at all.
func PackagesAs(ctx context.Context) string {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return ""
	}
	if os.Geteuid() == 0 {
		return "root"
	}
	if _, err := ask(ctx, "sudo", "-n", "true"); err == nil {
		return "sudo"
	}
	return ""
}

// Reaches returns an error if user cannot enter folder. It tries to.
func Reaches(ctx context.Context, run RunProgram, user *RunAs, folder string) error {
	_, err := run.ask(ctx, user, "/bin/sh", "-c", `cd -- "$0"`, folder)
	return err
}
