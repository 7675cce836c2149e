package repro

import (
	"path"
	"regexp"
	"strings"

	"benchrun/report"
)

// Where a server listens stands in its recorded command: after its address or an option
// that says so. If it stands elsewhere, it is the only number in the range that benchrun
// takes ports from.
var (
	portAfter = regexp.MustCompile(`(?i)(?:127\.0\.0\.1|port)["' :=,]{1,4}(\d{2,5})\b`)
	portLike  = regexp.MustCompile(`\b(2\d{4}|3[0-2]\d{3})\b`)
)

// portOf finds the port in a recorded command; "" = it cannot be told.
func portOf(command []string) string {
	line := strings.Join(command, " ")
	if m := portAfter.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	if all := portLike.FindAllString(line, -1); len(all) == 1 {
		return all[0]
	}
	return ""
}

// pythonName is how interpreters are called.
var pythonName = regexp.MustCompile(`^python[0-9.]*$`)

// Where benchrun keeps what it installs, and the app and the work folder of an attempt: a
// record has these paths, and a published one the placeholders (scripts/results).
var (
	envPath     = regexp.MustCompile(`/[^"'= ,<>]*/envs/[A-Za-z0-9_.-]+-[0-9a-f]{16}\b`)
	attemptPath = regexp.MustCompile(`/[^"'= ,<>]*/benchrun-\d+/[0-9a-f]{12}/(app|work)\b`)
)

// command writes a recorded command for the script, which has an environment, a port and
// folders of its own. Only the first word can be the interpreter.
func command(words []string, port string) string {
	number := regexp.MustCompile(`\b` + port + `\b`)
	out := make([]string, len(words))
	for i, w := range words {
		if i == 0 && path.IsAbs(w) && pythonName.MatchString(path.Base(w)) {
			w = "{env}/bin/python"
		}
		w = attemptPath.ReplaceAllString(envPath.ReplaceAllString(w, "{env}"), "{$1}")
		out[i] = word(number.ReplaceAllString(w, "{port}"))
	}
	return strings.Join(out, " ")
}

// placeholders are the names in a recorded command, and in a server file's environment,
// that the script has values for.
var placeholders = map[string]string{
	"{env}": `"$here/env"`, "{app}": `"$here/app"`, "{work}": `"$here/work"`, "{port}": `"$port"`, "{host}": "127.0.0.1",
	"{python}": `"$here/env/bin/python"`,
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// word quotes a word for bash, all but the placeholders in it.
func word(w string) string {
	var b strings.Builder
	from := 0
	literal := func(to int) {
		if from < to {
			b.WriteString(report.Shell(w[from:to]))
		}
	}
	for _, at := range placeholder.FindAllStringIndex(w, -1) {
		if value, ok := placeholders[w[at[0]:at[1]]]; ok {
			literal(at[0])
			b.WriteString(value)
			from = at[1]
		}
	}
	literal(len(w))
	if b.Len() == 0 {
		return "''"
	}
	return b.String()
}
