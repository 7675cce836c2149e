// Package templates holds the files that benchrun init writes into the
// repository of a server's author. It imports nothing of benchrun.
package templates

import (
	_ "embed"
	"strings"
)

//go:embed github.yml
var github string

//go:embed gitlab-ci.yml
var gitlab string

// GitHub is a workflow that uses benchrun's own action from a repository, as
// "owner/name@revision". With settled, what is measured and what must hold stand
// in the project's benchrun.yaml, and not in the workflow.
func GitHub(from string, settled bool) string {
	text := strings.ReplaceAll(github, "uses: FROM", "uses: "+from)
	if settled {
		return before(text, "          server-file: ") + "          args: --ci # all else is in benchrun.yaml\n"
	}
	return text
}

// GitLab is a file to include into .gitlab-ci.yml, which builds benchrun from a
// revision (a branch or a tag) of a git repository; settled as for GitHub.
func GitLab(repository, revision string, settled bool) string {
	text := strings.NewReplacer("_REPOSITORY: REPOSITORY", "_REPOSITORY: "+repository, "_REVISION: REVISION", "_REVISION: "+revision).Replace(gitlab)
	if settled {
		return before(text, "    BENCHRUN_FLAGS: >-") + "    BENCHRUN_FLAGS: --ci # all else is in benchrun.yaml\n"
	}
	return text
}

// before is a template up to where it says what is measured, which stands last.
func before(text, selection string) string {
	head, _, _ := strings.Cut(text, selection)
	return head
}
