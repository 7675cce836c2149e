package targets

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/strictyaml"
)

// AppKind says which app a server serves: a folder in apps, whose kind.yaml says the rest.
type AppKind string

// loadsForRequest is the value of kind.Loads for an app that no worker keeps.
const loadsForRequest = "request"

// The kinds that code knows by name.
const (
	AppWSGI    AppKind = "wsgi"    // what --server-cmd serves, unless --app-kind says otherwise
	AppBuiltin AppKind = "builtin" // the server brings its own app, as the reference server does
)

//go:embed apps
var apps embed.FS

// kindSchema names the format of kind.yaml.
const kindSchema = "benchrun.app/v1"

// kind is one kind.yaml: all that benchrun knows of a kind of app.
type kind struct {
	Schema   string   `yaml:"schema"`
	Kind     AppKind  `yaml:"kind"`     // the folder's name
	Title    string   `yaml:"title"`    // a phrase for the docs: what a server is given
	Language string   `yaml:"language"` // that the app is written in; "" = it has no files
	Files    []string `yaml:"files"`    // of its folder, which a server is given
	// Loads says when the app is loaded: "" = when a worker starts, "request" = for each request.
	Loads string `yaml:"loads"`
	// Borrows are files of other kinds that a server is given too, by the name that each gets:
	// "blocking.py": "wsgi/app.py".
	Borrows map[string]string `yaml:"borrows"`
	// CompiledWith is the file that a server must bring, because the app is compiled with it;
	// "" = the app is not compiled.
	CompiledWith string `yaml:"compiled_with"`
	// Gets says in a phrase what a server's command gets of the app.
	Gets string `yaml:"gets"`
	// Starter is the part of a server file that depends on the kind, to begin with: YAML, at
	// least its command.
	Starter string `yaml:"starter"`
	// Signs are words of a command that speak for this kind, as patterns of path.Match, each
	// without the folders before it: "puma", "*.ru".
	Signs   []string     `yaml:"signs"`
	Drivers Requirements `yaml:"drivers"` // with which it asks a database; none = it needs none
	// TriedWith is the built-in server, and its profile, that tests serve the app with:
	// "wsgiref/hardened". It must serve more than one request at once.
	TriedWith string `yaml:"tried_with"`
	// Blocks are the wedges during which nobody else in the same process is served.
	Blocks []string `yaml:"blocks"`
	// Does says how an app of this kind makes a fault where docs/contract.md's table of them
	// says it of another language, as a phrase, by the name after /fault/.
	Does map[string]string `yaml:"does"`
	// Lacks says why the language cannot have a fault, by the name after /fault/. An app has
	// every fault that is not here.
	Lacks map[string]string `yaml:"lacks"`
}

// appFaults lists the faults of apps, by the names after /fault/.
var appFaults = []string{
	"wedge", "wedge-spin", "wedge-native", "wedge-gil", "wedge-io", "wedge-regex", "wedge-deaf",
	"segfault", "exit-3", "exit-1", "abort", "sigkill", "stack-overflow",
	"cpu", "io", "cpu-io", "slow", "big-response", "legit-slow", "starve", "exception", "broken-pipe", "system-exit", "leak",
	"leak-fd", "leak-thread", "leak-child", "oom-kill", "short-body", "long-body",
	"wedge-midstream", "crash-midstream", "exception-midstream",
	"db-update", "db-retry", "db-keep",
}

// kinds are those that are part of benchrun, by name. It panics if one of them is wrong,
// which a test would have found.
var kinds = sync.OnceValue(func() map[AppKind]kind {
	all, err := readKinds(apps)
	if err != nil {
		panic(err)
	}
	return all
})

// readKinds reads the kind.yaml of each folder in apps.
func readKinds(from fs.FS) (map[AppKind]kind, error) {
	names, err := fs.Glob(from, "apps/*/kind.yaml")
	if err != nil {
		return nil, fmt.Errorf("list app kinds: %w", err)
	}
	all := map[AppKind]kind{}
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("app kind: %w", err)
		}
		var k kind
		src, err := strictyaml.Decode(name, text, &k, "targets.AppKind")
		if err != nil {
			return nil, err
		}
		if err := k.check(from, path.Dir(name), src); err != nil {
			return nil, err
		}
		all[k.Kind] = k
	}
	return all, nil
}

// check returns the first thing that is wrong with the kind in a folder.
func (k kind) check(from fs.FS, folder string, src *strictyaml.Source) error {
	server, profile, _ := strings.Cut(k.TriedWith, "/")
	switch {
	case k.Schema != kindSchema:
		return src.Errorf("schema", "%q; want %s", k.Schema, kindSchema)
	case string(k.Kind) != path.Base(folder):
		return src.Errorf("kind", "%q; want the folder's name, %s", k.Kind, path.Base(folder))
	case k.Title == "":
		return src.Errorf("title", "missing")
	case (len(k.Files) > 0) != (k.Language != ""):
		return src.Errorf("language", "an app has a language if it has files")
	case strings.TrimSpace(k.Gets) == "":
		return src.Errorf("gets", "missing")
	case strings.TrimSpace(k.Starter) == "":
		return src.Errorf("starter", "missing")
	case k.Loads != "" && k.Loads != loadsForRequest:
		return src.Errorf("loads", "%q; want %s, or nothing", k.Loads, loadsForRequest)
	case len(k.Files) > 0 && (server == "" || profile == ""):
		return src.Errorf("tried_with", "%q; want SERVER/PROFILE", k.TriedWith)
	}
	for i, f := range k.Files {
		if _, err := fs.Stat(from, path.Join(folder, f)); err != nil {
			return src.Errorf(fmt.Sprintf("files[%d]", i), "%v", err)
		}
	}
	for i, sign := range k.Signs {
		if _, err := path.Match(sign, ""); err != nil || sign == "" {
			return src.Errorf(fmt.Sprintf("signs[%d]", i), "%q is no pattern", sign)
		}
	}
	for name, f := range k.Borrows {
		if _, err := fs.Stat(from, path.Join("apps", f)); err != nil {
			return src.Errorf("borrows."+name, "%v", err)
		}
	}
	for i, fault := range k.Blocks {
		if !strings.HasPrefix(fault, "wedge") || !slices.Contains(appFaults, fault) {
			return src.Errorf(fmt.Sprintf("blocks[%d]", i), "%q is no wedge of an app", fault)
		}
	}
	for field, said := range map[string]map[string]string{"does": k.Does, "lacks": k.Lacks} {
		for _, fault := range slices.Sorted(maps.Keys(said)) {
			switch {
			case !slices.Contains(appFaults, fault):
				return src.Errorf(field+"."+fault, "no app has such a fault")
			case strings.TrimSpace(said[fault]) == "":
				return src.Errorf(field+"."+fault, "want a phrase")
			}
		}
	}
	return nil
}

// appFile is a file that a server is given: its name, and where it is in apps.
type appFile struct{ name, path string }

// sources lists the files of a kind.
func (k kind) sources() []appFile {
	var all []appFile
	for _, f := range k.Files {
		all = append(all, appFile{f, path.Join("apps", string(k.Kind), f)})
	}
	for _, name := range slices.Sorted(maps.Keys(k.Borrows)) {
		all = append(all, appFile{name, path.Join("apps", k.Borrows[name])})
	}
	return all
}

// AppKinds lists the kinds of apps.
func AppKinds() []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(kinds())) {
		names = append(names, string(k))
	}
	return names
}

// Title says in a phrase what a server of this kind is given.
func (k AppKind) Title() string { return kinds()[k].Title }

// Language is that of the app; "" = the server brings its own.
func (k AppKind) Language() string { return kinds()[k].Language }

// CompiledWith is the file that a server must bring, because the app is compiled with it; "" =
// the app is not compiled.
func (k AppKind) CompiledWith() string { return kinds()[k].CompiledWith }

// Gets says in a phrase what a server's command gets of the app.
func (k AppKind) Gets() string { return strings.TrimSpace(kinds()[k].Gets) }

// Starter is the part of a server file that depends on the kind, to begin with.
func (k AppKind) Starter() string { return strings.TrimSpace(kinds()[k].Starter) }

// kindsBySigns finds the kinds whose signs a command's words have, by name.
func kindsBySigns(words []string) []AppKind {
	var found []AppKind
	for _, name := range AppKinds() {
		k := AppKind(name)
		if slices.ContainsFunc(words, func(w string) bool {
			return slices.ContainsFunc(strings.Fields(w), func(part string) bool { // of sh -c
				return slices.ContainsFunc(kinds()[k].Signs, func(sign string) bool {
					ok, _ := path.Match(sign, path.Base(part))
					return ok
				})
			})
		}) {
			found = append(found, k)
		}
	}
	return found
}

// LoadsForRequest says whether the app is loaded for each request, and not when a worker starts.
func (k AppKind) LoadsForRequest() bool { return kinds()[k].Loads == loadsForRequest }

// Drivers is what an app of this kind needs installed to ask a database.
func (k AppKind) Drivers() Requirements { return kinds()[k].Drivers }

// Blocks are the wedges during which nobody else in the app's process is served.
func (k AppKind) Blocks() []string { return slices.Clone(kinds()[k].Blocks) }

// Does says how an app of this kind makes a fault, where that is to be said; otherwise "".
func (k AppKind) Does(fault string) string { return kinds()[k].Does[fault] }

// AppFaults lists the faults that apps have, by the names after /fault/.
func AppFaults() []string { return slices.Clone(appFaults) }

// Lacks says why an app of this kind cannot have a fault, as a phrase; "" = it has the fault.
func (k AppKind) Lacks(fault string) string {
	known, ok := kinds()[k]
	if !ok {
		return "there is no such kind of app"
	}
	return known.lacks(fault)
}

func (k kind) lacks(fault string) string {
	if !slices.Contains(appFaults, fault) {
		return "no app has it"
	}
	return k.Lacks[fault]
}
