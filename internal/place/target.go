package place

import (
	"cmp"
	"context"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// installOptions says how to install a cell's target on this host.
func (h *Host) installOptions(c plan.Cell, python string, progress func(string)) targets.InstallOptions {
	opts := targets.InstallOptions{
		Server: c.Server, Profile: c.Profile, Version: cmp.Or(c.Resolved, c.Version), Releases: h.releases, Python: python, Database: c.Scenario.Family.Needs.Database(),
		Benchrun: h.Self, BenchrunVersion: h.Version, Progress: progress, Run: h.RunProgram,
	}
	if h.User != nil {
		opts.User = &targets.RunAs{Name: h.User.Name, UID: uint32(h.User.UID), GID: uint32(h.User.GID)} //nolint:gosec // ids are not negative
	}
	return opts
}

// Install installs a cell's target. It calls progress before every long step.
func (h *Host) Install(ctx context.Context, c plan.Cell, python string, progress func(string)) (*Target, error) {
	profile, err := c.Server.Profile(c.Profile)
	if err != nil {
		return nil, err
	}
	inst, err := targets.Install(ctx, h.installOptions(c, python, progress))
	if err != nil {
		return nil, err
	}
	return &Target{Server: c.Server, Profile: profile, ProfileName: c.Profile, Installation: inst}, nil
}

// Complete is a cell's target as Install would return it, but without its version, because
// nothing of the server is run. It is nil if something must be installed first.
func (h *Host) Complete(ctx context.Context, o *targets.Outlook, c plan.Cell, python string) *Target {
	profile, err := c.Server.Profile(c.Profile)
	if err != nil {
		return nil
	}
	will, err := o.Foresee(ctx, h.installOptions(c, python, nil))
	if err != nil || !will.Complete {
		return nil
	}
	return &Target{Server: c.Server, Profile: profile, ProfileName: c.Profile, Installation: &targets.Installation{
		Server: c.Server, Profile: c.Profile, Python: will.Python, Env: will.Env, Release: will.Release,
	}}
}

// Target is an installed target, ready to be launched any number of times.
type Target struct {
	Server       *targets.Server
	Profile      targets.Profile
	ProfileName  string
	Installation *targets.Installation
	Probe        bench.Probe
}

// Describe describes the target, run with this command, for records and reports.
func (t *Target) Describe(command []string) bench.Target {
	return bench.Target{
		Server: t.Server.Name, Version: t.Installation.Version, Profile: t.ProfileName,
		Command: command, Workers: t.Profile.Workers, Claims: t.Profile.Claims, Probe: t.Probe,
		OwnArgs: t.Server.OwnArgs, Front: t.Server.FrontName(),
	}
}

// From adds to a cell's source which release its target is, if a range stood for it.
func (t *Target) From(source *bench.Source) {
	if r := t.Installation.Release; r.Version != "" {
		source.Resolved, source.Unasked = r.Version, r.Unasked
	}
}

// Under is the target with its arguments for families.
func (t *Target) Under(families ...string) *Target {
	more := *t
	more.Server = t.Server.Under(families...)
	more.Profile = more.Server.Profiles[t.ProfileName]
	return &more
}
