package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/internal/project"
	"benchrun/scenarios"
	"benchrun/targets"
	"benchrun/templates"
)

// ciKind is a kind of CI for which benchrun init writes a file.
type ciKind struct {
	path   string // of the file, in the repository
	write  func(from, revision string, job templates.Job) string
	wanted string // the format of --from
	like   string // an example of it
	next   string
}

var ownerName = regexp.MustCompile(`^[\w.-]+/[\w.-]+$`)

var gitAddress = regexp.MustCompile(`^(https|ssh|git|file)://[\w.@:/~-]+$`)

func ciKinds() map[string]ciKind {
	return map[string]ciKind{
		"github": {
			path: ".github/workflows/benchrun.yml", wanted: "owner/name@revision", like: "some-owner/benchrun@v1",
			write: func(from, revision string, job templates.Job) string {
				return templates.GitHub(from+"@"+revision, job)
			},
		},
		"gitlab": {
			path: ".gitlab/benchrun.yml", wanted: "address@revision", like: "https://git.example.org/benchrun.git@v1",
			write: templates.GitLab,
			next:  "include it in .gitlab-ci.yml:  include: {local: .gitlab/benchrun.yml}",
		},
	}
}

func newInitCommand() *cobra.Command {
	var from string
	dir := "."
	var force bool
	cmd := &cobra.Command{
		Use:   "init ci [github|gitlab]",
		Short: "write a CI job that gates a server into its repository",
		Long: `init ci writes a CI job into a server's repository: a workflow for GitHub Actions
(.github/workflows/benchrun.yml) or a file to include for GitLab
(.gitlab/benchrun.yml). --from says where the job gets benchrun from: name a tag
or a commit, so that the same benchrun measures every run.

If the repository has a benchrun.yaml, the job follows it. Otherwise the job
measures the server of ` + serverFileName + `: the checkout itself, if the file
says NAME=={version} and pip can install the checkout. Its rules ask only what the
file promises: they do not ask a single process to survive a crash, or a server to
survive wedged requests with too few slots or without a watchdog. The job lists
each rule that was left out, with the reason.

init overwrites a file only with --force, and says what to do next. docs/tutorial.md
goes through it step by step; docs/ci.md has the details.`,
		Example: "  benchrun init ci --from some-owner/benchrun@v1\n  benchrun init ci github --from some-owner/benchrun@v1 --force\n  benchrun init ci gitlab --from https://git.example.org/benchrun.git@v1",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 || args[0] != "ci" {
				return &bench.UsageError{Problem: "init takes: ci, and github or gitlab", Hint: "see benchrun init --help"}
			}
			name := "github"
			if len(args) == 2 {
				name = args[1]
			}
			kind, ok := ciKinds()[name]
			if !ok {
				return &bench.UsageError{Problem: fmt.Sprintf("init ci: no template for %q", name), Hint: bench.DidYouMean(name, []string{"github", "gitlab"})}
			}
			repository, revision, err := kind.source(name, from)
			if err != nil {
				return err
			}
			job, next, err := ciJob(dir, name)
			if err != nil {
				return err
			}
			path := filepath.Join(dir, filepath.FromSlash(kind.path))
			if err := writeNew(path, kind.write(repository, revision, job), force); err != nil {
				return err
			}
			if slices.Contains(branches, revision) {
				next = append(next, fmt.Sprintf("pin benchrun: %s is a branch, and each of its changes can change your verdicts", revision))
			}
			if kind.next != "" {
				next = append(next, kind.next)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\nnext:\n  - %s\n", path, strings.Join(next, "\n  - "))
			return err
		},
	}
	declare(cmd.Flags(), "from", &from)
	declare(cmd.Flags(), "dir", &dir)
	declare(cmd.Flags(), "force", &force)
	return cmd
}

// serverFileName is the name that the job uses for the server file in the repository.
const serverFileName = "benchrun.server.yaml"

// branches are common names of a repository's main branch.
var branches = []string{"main", "master", "HEAD", "trunk"}

// ciJob is the job for the repository in dir, and what its owner should do next.
func ciJob(dir, name string) (job templates.Job, next []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, project.FileName)); err == nil {
		return job, []string{"see what the job will do: benchrun --ci --dry-run"}, nil
	}
	job.Scenarios = scenarios.Short()
	job.Rules = []templates.Rule{ // every server can keep these
		{Text: "every cell may fail, none may be broken; and nobody gets another one's answer", Note: true},
		{Text: "verdict >= failed"}, {Text: "lost_wrong == 0"},
	}
	file := filepath.Join(dir, serverFileName)
	if _, err := os.Stat(file); err != nil {
		return job, []string{
			"describe your server in " + serverFileName + " (docs/contract.md), and try it: benchrun check-server " + serverFileName,
			"benchrun init ci " + name + " --force then writes rules that ask what the file promises",
			"if benchrun list servers has it: write a benchrun.yaml instead (docs/tutorial.md)",
		}, nil
	}
	s := settings{serverFiles: []string{file}, scenarios: scenarios.Short()}
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return job, nil, err
	}
	cells, err := s.selected(reg)
	if err != nil {
		return job, nil, err
	}
	if own := cells[0].Server; own.CheckVersion("path:"+dir) == nil {
		job.Server = own.Name + "@path:."
	}
	for _, c := range cells {
		if c.Unsupported != "" { // it has no such profile, so no rule can be about it
			continue
		}
		rule := fmt.Sprintf("%s/%s/%s-*: verdict >= held", c.Server.Name, c.Profile, c.Scenario.Family.ID)
		if why := plan.Unpromised(c); why != "" {
			job.Rules = append(job.Rules, templates.Rule{Text: fmt.Sprintf("not asked of %s %s (%s): %s", c.Server.Name, c.Profile, why, rule), Note: true})
		} else {
			job.Rules = append(job.Rules, templates.Rule{Text: rule})
		}
	}
	words := []string{"benchrun", "--server-file", serverFileName}
	if job.Server != "" {
		words = append(words, "--server", job.Server)
	}
	words = append(words, "--scenario", strings.Join(scenarios.Short(), ","), "--ci", "--dry-run")
	return job, []string{
		"see what the job will do: " + strings.Join(words, " "),
		"run it here once; for a result that you know and accept: benchrun waivers update RUN",
	}, nil
}

// source parses --from. Its parts go into a file that CI executes, so they may contain
// nothing except an address and a revision.
func (k ciKind) source(name, from string) (repository, revision string, err error) {
	if from == "" {
		return "", "", &bench.UsageError{
			Problem: "init ci needs to know where the job gets benchrun from",
			Hint:    "give its repository and a tag or commit: --from " + k.like,
		}
	}
	at := strings.LastIndexByte(from, '@')
	if at < 0 {
		return "", "", bench.Usagef("--from %q is not %s", from, k.wanted)
	}
	repository, revision = from[:at], from[at+1:]
	form := ownerName
	if name == "gitlab" {
		form = gitAddress
	}
	if !form.MatchString(repository) || !regexp.MustCompile(`^[\w][\w./-]*$`).MatchString(revision) {
		return "", "", bench.Usagef("--from %q is not %s", from, k.wanted)
	}
	return repository, revision, nil
}

// writeNew writes a file that must not exist yet (unless force is set), and makes its
// folders.
func writeNew(path, text string, force bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a repository's folder
		return &bench.EnvironmentError{Problem: "init ci", Err: err}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644) //nolint:gosec // the user names the folder
	if errors.Is(err, fs.ErrExist) {
		return &bench.UsageError{Problem: path + " already exists", Hint: "--force overwrites it"}
	}
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &bench.EnvironmentError{Problem: "init ci", Err: err}
	}
	return nil
}
