package targets

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"benchrun/internal/bench"
)

var aptName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)

// aptLists is where apt keeps what it knows of the archives.
const aptLists = "/var/lib/apt/lists/*_Packages*"

// apt installs Debian packages.
type apt struct {
	root     bool // may call apt-get itself; otherwise sudo must not ask
	cache    string
	progress func(string)
}

// need sees to it that packages are installed. What cannot be done is a
// bench.EnvironmentError with the exact command to run.
func (a apt) need(ctx context.Context, who string, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		// Not a Debian. Its packages may be there under other names: go on, and
		// let what needs them say what is missing.
		a.progress(fmt.Sprintf("%s needs %s (Debian's names); this is no Debian, so they are taken to be there",
			who, strings.Join(packages, " ")))
		return nil
	}
	missing := missingPackages(ctx, packages)
	if len(missing) == 0 {
		return nil
	}
	if !a.root {
		if _, err := ask(ctx, "sudo", "-n", "true"); err != nil {
			return &bench.EnvironmentError{
				Problem: fmt.Sprintf("%s needs Debian packages that are not installed", who),
				Hint:    "run: " + byHand(missing),
			}
		}
	}
	return locked(ctx, filepath.Join(a.cache, "apt"), a.waiting, func(t tool) error {
		// Another benchrun may have installed some of them by now.
		missing := missingPackages(ctx, missing)
		if len(missing) == 0 {
			return nil
		}
		a.progress("installing Debian packages: " + strings.Join(missing, " "))
		if err := a.install(ctx, t, missing); err != nil {
			return &bench.EnvironmentError{
				Problem: fmt.Sprintf("installing the Debian packages of %s failed", who),
				Hint:    fmt.Sprintf("the log is %s; by hand: %s", t.log.Name(), byHand(missing)),
				Err:     err,
			}
		}
		return nil
	})
}

// install updates apt's lists only if they are empty or the packages could not
// be installed without.
func (a apt) install(ctx context.Context, t tool, packages []string) error {
	fresh := false
	if lists, _ := filepath.Glob(aptLists); len(lists) == 0 {
		if err := t.alone(ctx, a.ending, a.aptGet("update")...); err != nil {
			return err
		}
		fresh = true
	}
	install := a.aptGet(append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
	err := t.alone(ctx, a.ending, install...)
	if err == nil || fresh || ctx.Err() != nil {
		return err
	}
	if err := t.alone(ctx, a.ending, a.aptGet("update")...); err != nil {
		return err
	}
	return t.alone(ctx, a.ending, install...)
}

func (a apt) aptGet(args ...string) []string {
	argv := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"}
	if !a.root {
		argv = append([]string{"sudo", "-n"}, argv...)
	}
	return append(argv, args...)
}

func (a apt) waiting() {
	a.progress("waiting for another benchrun that installs Debian packages")
}

// ending is told when benchrun is to end while apt-get works.
func (a apt) ending() {
	a.progress("waiting for apt-get, which must not be ended while it installs; a second interruption leaves it to itself")
}

func byHand(packages []string) string {
	return "sudo apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
}

func missingPackages(ctx context.Context, packages []string) []string {
	var missing []string
	for _, p := range packages {
		// One line an architecture; an unknown package is a failure.
		out, err := ask(ctx, "dpkg-query", "-W", "-f", "${db:Status-Status}\n", p)
		if first, _, _ := strings.Cut(out, "\n"); err != nil || first != "installed" {
			missing = append(missing, p)
		}
	}
	return missing
}
