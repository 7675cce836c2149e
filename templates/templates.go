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

// Rule is a line about what must hold.
type Rule struct {
	Text string
	Note bool // it is for people: it says what is not asked, and why
}

// GitHub is a workflow that uses benchrun's own action from a repository, as
// "owner/name@revision". Without rules, what is measured and what must hold stand
// in the project's benchrun.yaml, and not in the workflow.
func GitHub(from string, rules []Rule) string {
	text := strings.ReplaceAll(github, "uses: FROM", "uses: "+from)
	if len(rules) == 0 {
		return before(text, "          server-file: ") + "          args: --ci # all else is in benchrun.yaml\n"
	}
	asked, notes := split(rules, "            ", "", "          # ")
	return notesBefore(strings.Replace(text, "            RULES\n", asked, 1), "          rules: |\n", notes)
}

// GitLab is a file to include into .gitlab-ci.yml, which builds benchrun from a
// revision (a branch or a tag) of a git repository; rules as for GitHub.
func GitLab(repository, revision string, rules []Rule) string {
	text := strings.NewReplacer("_REPOSITORY: REPOSITORY", "_REPOSITORY: "+repository, "_REVISION: REVISION", "_REVISION: "+revision).Replace(gitlab)
	if len(rules) == 0 {
		return before(text, "    BENCHRUN_FLAGS: >-") + "    BENCHRUN_FLAGS: --ci # all else is in benchrun.yaml\n"
	}
	asked, notes := split(rules, "      --fail-on '", "'", "    # ")
	return notesBefore(strings.Replace(text, "      RULES\n", asked, 1), "    BENCHRUN_FLAGS: >-\n", notes)
}

// split writes the rules that are asked, a line each between two texts, and the
// notes, a line each.
func split(rules []Rule, begin, end, note string) (asked, notes string) {
	for _, r := range rules {
		if r.Note {
			notes += note + r.Text + "\n"
		} else {
			asked += begin + r.Text + end + "\n"
		}
	}
	return asked, notes
}

// notesBefore puts notes before a line of a template.
func notesBefore(text, line, notes string) string {
	return strings.Replace(text, line, notes+line, 1)
}

// before is a template up to where it says what is measured, which stands last.
func before(text, selection string) string {
	head, _, _ := strings.Cut(text, selection)
	return head
}
