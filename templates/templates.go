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
// "owner/name@revision".
func GitHub(from string) string { return strings.ReplaceAll(github, "uses: FROM", "uses: "+from) }

// GitLab is a file to include into .gitlab-ci.yml, which builds benchrun from a
// revision (a branch or a tag) of a git repository.
func GitLab(repository, revision string) string {
	return strings.NewReplacer("_REPOSITORY: REPOSITORY", "_REPOSITORY: "+repository, "_REVISION: REVISION", "_REVISION: "+revision).Replace(gitlab)
}
