package targets

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

var aptName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)

// aptLists is where apt keeps its lists of packages.
const aptLists = "/var/lib/apt/lists/*_Packages*"

// apt installs Debian packages.
type apt struct {
	root     bool // may call apt-get itself; otherwise sudo must work without a password
	cache    string
	progress func(string)
}

// need makes sure that packages are installed. If it cannot, it returns a
// bench.EnvironmentError with the exact command for the user to run.
func (a apt) need(ctx context.Context, who string, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		// This is not Debian. The packages may exist under other names, so go on: the
		// program that needs them will say what is missing.
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
		// Another benchrun may have installed some of them meanwhile.
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

// install updates apt's lists only if they are empty, or if the packages could not be
// installed without.
func (a apt) install(ctx context.Context, t tool, packages []string) error {
	fresh := false
	if lists, _ := filepath.Glob(aptLists); len(lists) == 0 {
		if err := t.alone(ctx, a.ending, a.aptGet("update")...); err != nil {
			return err
		}
		fresh = true
	}
	install := a.aptGet(slices.Concat(withoutServices(policyFile), withoutCluster(packages), []string{"install", "-y", "--no-install-recommends"}, packages)...)
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

// ending is called when benchrun should end while apt-get works.
func (a apt) ending() {
	a.progress("waiting for apt-get, which must not be ended while it installs; a second interruption leaves it to itself")
}

func byHand(packages []string) string {
	return "sudo apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
}

// missingPackages are those of the packages that are not installed.
func missingPackages(ctx context.Context, packages []string) []string {
	if len(packages) == 0 {
		return nil
	}
	// It prints one line for each architecture of a package, of which the first counts. It
	// prints nothing of a package that it does not know, and fails then.
	out, _ := ask(ctx, append([]string{"dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"}, packages...)...)
	status := map[string]string{}
	for line := range strings.Lines(out) {
		name, is, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, ok := status[name]; !ok {
			status[name] = is
		}
	}
	return slices.DeleteFunc(slices.Clone(packages), func(p string) bool { return status[p] == "installed" })
}
