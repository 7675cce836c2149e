// Package cijob writes what benchrun init puts into a server's repository: a CI job that
// gates the server, and a server file to be filled in.
package cijob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/internal/project"
	"benchrun/scenarios"
	"benchrun/targets"
	"benchrun/templates"
)

// kind is a kind of CI.
type kind struct {
	path   string // of the file, in the repository
	write  func(from, revision string, job templates.Job) string
	wanted string // the format of --from
	like   string // an example of it
	next   string
}

var ownerName = regexp.MustCompile(`^[\w.-]+/[\w.-]+$`)

var gitAddress = regexp.MustCompile(`^(https|ssh|git|file)://[\w.@:/~-]+$`)

func kinds() map[string]kind {
	return map[string]kind{
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

// Write writes the job for a kind of CI into the repository in dir, and says what it
// did and what is next. from says where the job gets benchrun from.
func Write(dir, name, from string, force bool) (string, error) {
	kind, ok := kinds()[name]
	if !ok {
		return "", &bench.UsageError{Problem: fmt.Sprintf("init ci: no template for %q", name), Hint: bench.DidYouMean(name, []string{"github", "gitlab"})}
	}
	repository, revision, err := kind.source(name, from)
	if err != nil {
		return "", err
	}
	job, next, err := jobFor(dir, name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.FromSlash(kind.path))
	if err := writeNew("init ci", path, kind.write(repository, revision, job), force); err != nil {
		return "", err
	}
	if slices.Contains(branches, revision) {
		next = append(next, fmt.Sprintf("pin benchrun: %s is a branch, and each of its changes can change your verdicts", revision))
	}
	if kind.next != "" {
		next = append(next, kind.next)
	}
	return fmt.Sprintf("wrote %s\nnext:\n  - %s\n", path, strings.Join(next, "\n  - ")), nil
}

// ServerFile is the name that the job uses for the server file in the repository.
const ServerFile = "benchrun.server.yaml"

// branches are common names of a repository's main branch.
var branches = []string{"main", "master", "HEAD", "trunk"}

// jobFor is the job for the repository in dir, and what its owner should do next.
func jobFor(dir, name string) (job templates.Job, next []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, project.FileName)); err == nil {
		return job, []string{"see what the job will do: benchrun --ci --dry-run"}, nil
	}
	job.Scenarios = scenarios.Short()
	job.Rules = []templates.Rule{ // every server can keep these
		{Text: "every cell may fail, none may be broken; and nobody gets another one's answer", Note: true},
		{Text: "verdict >= failed"}, {Text: "lost_wrong == 0"},
	}
	file := filepath.Join(dir, ServerFile)
	if _, err := os.Stat(file); err != nil {
		return job, []string{
			"describe your server in " + ServerFile + " (docs/contract.md), and try it: benchrun check-server " + ServerFile,
			"benchrun init ci " + name + " --force then writes rules that ask what the file promises",
			"if benchrun list servers has it: write a benchrun.yaml instead (docs/tutorial.md)",
		}, nil
	}
	files := []string{file}
	reg, err := targets.Load(targets.DefaultLoadOptions(files))
	if err != nil {
		return job, nil, err
	}
	cells, err := plan.Choose(reg, plan.Selection{Scenarios: scenarios.Short()}, files)
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
	words := []string{"benchrun", "--server-file", ServerFile}
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
func (k kind) source(name, from string) (repository, revision string, err error) {
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
func writeNew(command, path, text string, force bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a repository's folder
		return &bench.EnvironmentError{Problem: command, Err: err}
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
		return &bench.EnvironmentError{Problem: command, Err: err}
	}
	return nil
}
