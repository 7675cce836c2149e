// Package templates holds the files that benchrun init writes into the
// repository of a server's author. It imports nothing of benchrun.
package templates

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed github.yml
var github string

//go:embed gitlab-ci.yml
var gitlab string

//go:embed server.yaml
var server string

// AppKind is a kind of app, as a server file names it and for people.
type AppKind struct{ Name, Title string }

// Server is a server file that is to be filled in, for a server of this name which serves this
// kind of app. starter is what the file begins with for this kind; kinds are all that there are.
func Server(name, app, starter string, kinds []AppKind) string {
	var lines []string
	for _, k := range kinds {
		lines = append(lines, fmt.Sprintf("#   %-8s %s", k.Name, k.Title))
	}
	return strings.NewReplacer("{{.}}", name, "{{kinds}}", strings.Join(lines, "\n"), "{{app}}", app, "{{starter}}", starter).Replace(server)
}

// Rule is a line about what must hold.
type Rule struct {
	Text string
	Note bool // it is for people: it says what is not asked, and why
}

// Job is what a CI job measures, and what must hold. An empty one leaves both to
// the project's benchrun.yaml.
type Job struct {
	Server    string // "name", "name@path:."; "" = every server of the server file
	Scenarios []string
	Rules     []Rule
}

// selected puts a job's selection into a template whose words for it stand in the
// form "before SERVER": without a server they go.
func (j Job) selected(text, before, after string) string {
	server := ""
	if j.Server != "" {
		server = before + j.Server + after
	}
	text = strings.Replace(text, before+"SERVER"+after, server, 1)
	return strings.Replace(text, "SCENARIO", strings.Join(j.Scenarios, ","), 1)
}

// GitHub is a workflow that uses benchrun's own action from a repository, as
// "owner/name@revision".
func GitHub(from string, j Job) string {
	text := strings.ReplaceAll(github, "uses: FROM", "uses: "+from)
	if len(j.Rules) == 0 {
		return before(text, "          server-file: ") + "          args: --ci # all else is in benchrun.yaml\n"
	}
	text = j.selected(text, "          server: ", "\n")
	asked, notes := split(j.Rules, "            ", "", "          # ")
	return notesBefore(strings.Replace(text, "            RULES\n", asked, 1), "          rules: |\n", notes)
}

// GitLab is a file to include into .gitlab-ci.yml, which builds benchrun from a
// revision (a branch or a tag) of a git repository.
func GitLab(repository, revision string, j Job) string {
	text := strings.NewReplacer("_REPOSITORY: REPOSITORY", "_REPOSITORY: "+repository, "_REVISION: REVISION", "_REVISION: "+revision).Replace(gitlab)
	if len(j.Rules) == 0 {
		return before(text, "    BENCHRUN_FLAGS: >-") + "    BENCHRUN_FLAGS: --ci # all else is in benchrun.yaml\n"
	}
	text = j.selected(text, "--server ", " ")
	asked, notes := split(j.Rules, "      --fail-on '", "'", "    # ")
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
