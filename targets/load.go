package targets

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

//go:embed servers/*.yaml
var builtin embed.FS

// ProjectFolder is the folder, relative to the working directory, whose server files
// replace the built-in ones and the user's.
const ProjectFolder = "benchrun.servers"

// builtinPrefix begins the Server.File of a server that is part of benchrun.
const builtinPrefix = "built-in "

// BuiltIn says that the server is part of benchrun.
func (s *Server) BuiltIn() bool { return strings.HasPrefix(s.File, builtinPrefix) }

// Own says whether the server is benchrun's own program.
func (s *Server) Own() bool { return s.BuiltIn() && s.App == AppBuiltin }

// LoadOptions says where to look for server files besides the built-in ones. Later fields
// replace earlier ones. A folder may be missing, a file may not.
type LoadOptions struct {
	UserFolder    string   // "" = none
	ProjectFolder string   // "" = none
	Files         []string // --server-file, in order
	Command       Command  // --server-cmd
}

// DefaultLoadOptions has the folders that docs/contract.md names, and these files.
func DefaultLoadOptions(files []string) LoadOptions {
	o := LoadOptions{ProjectFolder: ProjectFolder, Files: files}
	if config, err := os.UserConfigDir(); err == nil {
		o.UserFolder = filepath.Join(config, "benchrun", "servers")
	}
	return o
}

// Registry holds every known server and front. It is safe for concurrent use.
type Registry struct {
	servers map[string]*Server
	fronts  map[string]*Front
}

// Load reads all server files. If something in one of them is wrong, it returns a
// bench.UsageError that names file, line and field. Other errors are those of intake.
func Load(opts LoadOptions) (*Registry, error) {
	known, err := builtins()
	if err != nil {
		return nil, err
	}
	fronts, err := loadFronts()
	if err != nil {
		return nil, err
	}
	r := &Registry{servers: map[string]*Server{}, fronts: fronts}
	for _, s := range known {
		own := *s // each registry has its own
		own.Profiles = maps.Clone(s.Profiles)
		r.servers[s.Name] = &own
	}
	files := []string{}
	for _, folder := range []string{opts.UserFolder, opts.ProjectFolder} {
		found, err := serverFiles(folder)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	for _, file := range append(files, opts.Files...) {
		text, err := intake.ReadSmall("server file", file)
		if err != nil {
			return nil, err
		}
		if err := r.add(file, text); err != nil {
			return nil, err
		}
	}
	if s, err := opts.Command.server(); err != nil {
		return nil, err
	} else if s != nil {
		if known, ok := r.servers[s.Name]; ok {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("--server-cmd: the server is called %s, and %s has a server of that name", s.Name, known.File),
				Hint:    "choose another name in the file",
			}
		}
		r.servers[s.Name] = s
	}
	return r, nil
}

// builtins has the servers that are part of benchrun. Their files are decoded once, which
// takes longer than all else that Load does.
var builtins = sync.OnceValues(func() ([]*Server, error) {
	names, err := fs.Glob(builtin, "servers/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list built-in servers: %w", err)
	}
	r := &Registry{servers: map[string]*Server{}}
	for _, name := range names {
		text, err := builtin.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read built-in server: %w", err)
		}
		if err := r.add(builtinPrefix+name, text); err != nil {
			return nil, err
		}
	}
	return slices.Collect(maps.Values(r.servers)), nil
})

// add decodes one file and adds its server, if the name is free or the file says that it
// replaces a known server.
func (r *Registry) add(file string, text []byte) error {
	s, err := decode(file, text)
	if err != nil {
		return err
	}
	if known, ok := r.servers[s.Name]; ok && !s.Replaces && !sameFile(known.File, file) {
		return &bench.UsageError{
			Problem: fmt.Sprintf("%s: name: server %q is known already, from %s", file, s.Name, known.File),
			Hint:    "choose another name, or say `replaces: true` to take its place",
		}
	}
	r.servers[s.Name] = s
	return nil
}

// sameFile says that two paths lead to the same file: a --server-file may lie in a folder
// that Load reads anyway.
func sameFile(a, b string) bool {
	one, errA := os.Stat(a)
	two, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, two)
}

// Names lists the known servers, sorted.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.servers)) }

// Fronts lists the known fronts, sorted.
func (r *Registry) Fronts() []string { return slices.Sorted(maps.Keys(r.fronts)) }

// Front finds a front by its name. For an unknown name it returns a bench.UsageError that
// suggests the nearest.
func (r *Registry) Front(name string) (*Front, error) {
	if f, ok := r.fronts[name]; ok {
		return f, nil
	}
	return nil, &bench.UsageError{Problem: fmt.Sprintf("unknown front %q", name), Hint: bench.DidYouMean(name, r.Fronts())}
}

// Lookup finds a server by its name, or a server with a front or a supervisor:
// "gunicorn+nginx". For an unknown name it returns a bench.UsageError that suggests the
// nearest. The Server is shared: read only.
func (r *Registry) Lookup(name string) (*Server, error) {
	if own, part := bench.CutPart(name); own != name {
		return r.pair(own, part)
	}
	s, ok := r.servers[name]
	if !ok {
		hint := "benchrun list servers lists them; a server of your own: --server-cmd or --server-file"
		if near := bench.Nearest(name, r.Names()); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		return nil, &bench.UsageError{Problem: fmt.Sprintf("unknown server %q", name), Hint: cmp.Or(whyNot(name), hint)}
	}
	return s, nil
}

// In names the servers that come from these files, and the one of --server-cmd.
func (r *Registry) In(files []string) []string {
	var out []string
	for _, name := range r.Names() {
		if s := r.servers[name]; slices.Contains(files, s.File) || s.ByCommand != nil {
			out = append(out, name)
		}
	}
	return out
}

// serverFiles lists a folder's *.yaml and *.yml, sorted.
func serverFiles(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	names, err := intake.Names("folder of server files", folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
			files = append(files, filepath.Join(folder, name))
		}
	}
	return files, nil
}
