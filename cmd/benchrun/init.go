package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/project"
	"benchrun/templates"
)

// ciKind is one kind of CI that benchrun init writes a file for.
type ciKind struct {
	path   string // of the file, inside the repository
	write  func(from, revision string, settled bool) string
	from   string // what stands for benchrun's repository unless it is given
	wanted string
	next   string
}

var ownerName = regexp.MustCompile(`^[\w.-]+/[\w.-]+$`)

var gitAddress = regexp.MustCompile(`^(https|ssh|git|file)://[\w.@:/~-]+$`)

func ciKinds() map[string]ciKind {
	return map[string]ciKind{
		"github": {
			path: ".github/workflows/benchrun.yml", from: "OWNER/benchrun", wanted: "owner/name@revision",
			write: func(from, revision string, settled bool) string {
				return templates.GitHub(from+"@"+revision, settled)
			},
		},
		"gitlab": {
			path: ".gitlab/benchrun.yml", from: "https://example.org/OWNER/benchrun.git", wanted: "address@revision",
			write: templates.GitLab,
			next:  "include it in .gitlab-ci.yml:  include: {local: .gitlab/benchrun.yml}",
		},
	}
}

func newInitCommand() *cobra.Command {
	var from, dir string
	var force bool
	cmd := &cobra.Command{
		Use:   "init ci [github|gitlab]",
		Short: "write a CI job that gates a server into its repository",
		Long: `init ci writes a workflow for GitHub Actions (.github/workflows/benchrun.yml) or
a file to include for GitLab (.gitlab/benchrun.yml) into the repository of a
server's author. Where the repository has a benchrun.yaml the job goes by that.
It overwrites nothing unless --force is given, and says what to do next.
docs/tutorial.md goes the whole way once, docs/ci.md tells how to go on.`,
		Example: "  benchrun init ci\n  benchrun init ci github --from some-owner/benchrun@v1 --force\n  benchrun init ci gitlab --from https://git.example.org/benchrun.git@v1",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 || args[0] != "ci" {
				return &bench.UsageError{Problem: "init wants: ci, and github or gitlab", Hint: "see benchrun init --help"}
			}
			name := "github"
			if len(args) == 2 {
				name = args[1]
			}
			kind, ok := ciKinds()[name]
			if !ok {
				return bench.Usagef("init ci %q: benchrun has a template for github and for gitlab", name)
			}
			repository, revision, err := kind.source(name, from)
			if err != nil {
				return err
			}
			path := filepath.Join(dir, filepath.FromSlash(kind.path))
			_, err = os.Stat(filepath.Join(dir, project.FileName))
			settled := err == nil
			if err := writeNew(path, kind.write(repository, revision, settled), force); err != nil {
				return err
			}
			next := []string{
				"describe your server in benchrun.server.yaml (docs/contract.md), and try it: benchrun check-server benchrun.server.yaml",
				"choose scenarios and rules in " + path,
				"if benchrun list servers has it: write a benchrun.yaml instead (docs/tutorial.md), then benchrun init ci " + name + " --force",
			}
			if settled {
				next = []string{"see what the job will do: benchrun --ci --dry-run"}
			}
			if from == "" {
				next = append(next, fmt.Sprintf("put the repository that you take benchrun from in the place of %s (or give --from)", kind.from))
			}
			if kind.next != "" {
				next = append(next, kind.next)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\nnext:\n  - %s\n", path, strings.Join(next, "\n  - "))
			return err
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "benchrun's repository and revision: owner/name@revision for github, address@revision for gitlab")
	cmd.Flags().StringVar(&dir, "dir", ".", "the repository's folder")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite a file that is there")
	return cmd
}

// source reads --from. Its parts go into a file that CI executes, so nothing
// else than an address may be in it.
func (k ciKind) source(name, from string) (repository, revision string, err error) {
	if from == "" {
		return k.from, "main", nil
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

// writeNew writes a file that is not there yet, and the folders to it.
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
		return &bench.UsageError{Problem: path + " is there already", Hint: "--force overwrites it"}
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
