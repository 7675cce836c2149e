package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
	"benchrun/internal/place"
	"benchrun/targets"
)

// admit finds out what several checks need.
func admit(ctx context.Context, w Wanted) (*patient, error) {
	p := &patient{wanted: w}
	var err error
	if p.host, err = observe.Host(); err != nil && p.host.MemoryBytes == 0 {
		return nil, err
	}
	p.machine, p.machineErr = place.NewHost(ctx, p.host, w.Version, 0)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if p.machine != nil && p.machine.User != nil {
		u := p.machine.User
		p.runAs = &targets.RunAs{Name: u.Name, UID: uint32(u.UID), GID: uint32(u.GID)} //nolint:gosec // ids are not negative
	}
	programs := p.machine
	if programs == nil {
		programs = place.BareHost(nil)
	}
	p.run = programs.RunProgram
	p.cache, p.cacheErr = targets.CacheFolder()
	return p, nil
}

// lookSupervision reports the level, and why better ones are not available.
func lookSupervision(_ context.Context, p *patient) []Check {
	if p.machineErr != nil {
		fix := fixOf(p.machineErr)
		if fix == "" {
			fix = "mend what else is bad here first"
		}
		return []Check{{Name: "supervision", Text: problem(p.machineErr), Fix: fix}}
	}
	return []Check{supervision(p.machine.Caps)}
}

func supervision(caps launch.Capabilities) Check {
	c := Check{Name: "supervision", State: OK, Text: string(caps.Level)}
	if caps.Level == launch.PIDNamespace || caps.Level == launch.UserNamespace {
		c.Text += ": the kernel ends every process of a server"
		return c
	}
	var why []string
	for _, s := range caps.Why {
		if strings.HasPrefix(s, "level ") {
			why = append(why, s)
		}
	}
	c.State = Warn
	c.Text += ": a server's processes are found and ended one by one; " + strings.Join(why, "; ")
	c.Fix = namespacesFix(os.Geteuid())
	return c
}

// namespacesFix says how to get namespaces. Root lacks them where a
// container keeps them from him.
func namespacesFix(uid int) string {
	if uid == 0 {
		return "you are root, but may make no namespaces, as in most containers: start the container with --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined, or run benchrun outside of it"
	}
	return "run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
}

// cgroupsFix is the same for limits.
func cgroupsFix(uid int) string {
	if uid == 0 {
		return "you are root, but may make no cgroups that can limit this, as in most containers: start the container with --privileged, or run benchrun outside of it"
	}
	return "run as root, or in a systemd scope that delegates cgroups (systemd-run --user --scope -p Delegate=yes benchrun …)"
}

func lookLimits(_ context.Context, p *patient) []Check {
	if p.machine == nil {
		return nil
	}
	return []Check{limits(p.machine.Caps, p.machine.Limits), places(p.machine.Caps, p.machine.Limits)}
}

// places tells whether what a server leaves outside of its folders goes with it.
func places(caps launch.Capabilities, l bench.Limits) Check {
	if caps.Private {
		return Check{Name: "private-places", State: OK,
			Text: fmt.Sprintf("each server has its own IPC, /tmp, /dev/shm and the like (%d MiB), and can write only to its folders", l.TmpBytes>>20)}
	}
	text := "a server shares IPC, /tmp, /dev/shm and the like with everybody: benchrun reports what it leaves there, and does not remove it"
	for _, s := range caps.Why {
		if strings.Contains(s, "private places") {
			text += "; " + s
		}
	}
	return Check{Name: "private-places", State: Warn, Text: text,
		Fix: namespacesFix(os.Geteuid())}
}

// limits tells what a server can be confined to.
func limits(caps launch.Capabilities, l bench.Limits) Check {
	c := Check{Name: "limits", State: OK}
	var have, lack []string
	for _, part := range []struct {
		has  bool
		name string
		text string
	}{
		{caps.CPU, "CPU", fmt.Sprintf("%g CPUs", l.CPUs)},
		{caps.Memory, "memory", fmt.Sprintf("%d MiB", l.MemoryBytes>>20)},
		{caps.PIDs, "processes", fmt.Sprintf("%d processes and threads", l.PIDs)},
	} {
		if part.has {
			have = append(have, part.text)
		} else {
			lack = append(lack, part.name)
		}
	}
	if len(have) > 0 {
		c.Text = caps.Cgroup + ": " + strings.Join(have, ", ")
	}
	if len(lack) == 0 {
		return c
	}
	c.State = Warn
	text := "no limit for " + strings.Join(lack, ", ")
	for _, s := range caps.Why {
		if !strings.HasPrefix(s, "level ") {
			text += "; " + s
		}
	}
	c.Text = strings.TrimPrefix(c.Text+"; "+text, "; ")
	c.Fix = cgroupsFix(os.Geteuid())
	return c
}

func lookUser(context.Context, *patient) []Check {
	u, err := launch.Unprivileged()
	switch {
	case err != nil:
		return []Check{{Name: "user", Text: problem(err), Fix: fixOf(err)}}
	case u == nil:
		return []Check{{Name: "user", State: OK, Text: fmt.Sprintf("servers run as you (uid %d)", os.Geteuid())}}
	}
	return []Check{{Name: "user", State: OK, Text: fmt.Sprintf("servers run as %s:%s, since you are root", u.Name, u.Group)}}
}

// lookScratch makes a scratch folder as an attempt would.
func lookScratch(_ context.Context, p *patient) []Check {
	var user *launch.User
	if p.machine != nil {
		user = p.machine.User
	}
	c := Check{Name: "scratch-folder", State: OK}
	s, err := launch.NewScratch(user)
	if err == nil {
		c.Text = "a folder for a server and its app can be made in " + os.TempDir()
		err = s.Remove()
	}
	if err != nil {
		c.State, c.Text, c.Fix = Bad, problem(err), fixOf(err)
	}
	return []Check{c}
}

func lookLeftovers(context.Context, *patient) []Check {
	left, err := launch.Leftovers()
	return []Check{leftovers(left, err)}
}

func leftovers(left []string, err error) Check {
	c := Check{Name: "leftovers", State: OK, Text: "no killed run has left anything"}
	switch {
	case err != nil:
		c.State, c.Text, c.Fix = Bad, problem(err), "remove the folder, or set TMPDIR to another"
	case len(left) > 0:
		c.State, c.Text = Warn, fmt.Sprintf("left by killed runs: %s", strings.Join(left, ", "))
		c.Fix = "nothing to do: the next run ends the processes and removes the folders first"
	}
	return c
}

// problem is an error without its hint, which fixOf gives.
func problem(err error) string {
	var env *bench.EnvironmentError
	if !errors.As(err, &env) {
		return oneLine(err.Error())
	}
	without := *env
	without.Hint = ""
	return oneLine(without.Error())
}

func fixOf(err error) string {
	var env *bench.EnvironmentError
	if errors.As(err, &env) {
		return env.Hint
	}
	return ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
