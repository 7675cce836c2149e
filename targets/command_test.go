package targets

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var someValues = Placeholders{
	Host: "127.0.0.1", Port: 4711, App: "/a/app", Work: "/a/scratch", Python: "/e/bin/python", Env: "/e",
	Benchrun: "/usr/bin/benchrun", User: "nobody", Group: "nogroup",
}

func TestCommandExpands(t *testing.T) {
	s, err := decode("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	argv, env, err := s.Command("many", someValues)
	if err != nil {
		t.Fatal(err)
	}
	wantArgv := []string{"/e/bin/toy", "--listen", "127.0.0.1:4711", "-w", "4", "--tmp=/a/scratch", "app:application"}
	if !slices.Equal(argv, wantArgv) {
		t.Errorf("argv\n got %q\nwant %q", argv, wantArgv)
	}
	wantEnv := []string{
		"HOME=/a/scratch", "LANG=C.UTF-8",
		"PATH=/e/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "TMPDIR=/a/scratch",
		"TOY=2", // the profile's value replaces the server's
	}
	if !slices.Equal(env, wantEnv) {
		t.Errorf("env\n got %q\nwant %q", env, wantEnv)
	}
	argv, env, err = s.Command("default", someValues)
	if err != nil || slices.Contains(argv, "-w") || slices.Contains(argv, "{args}") || !slices.Contains(env, "TOY=/a/scratch/toy") {
		t.Errorf("default: %q %q %v", argv, env, err)
	}
	_, _, err = s.Command("none", someValues)
	wantUsage(t, err, `unknown profile of toy "none"`)
	if got := s.StopSignal(); got != "INT" {
		t.Errorf("stop signal %q", got)
	}
}

func TestFamilyArgsComeLast(t *testing.T) {
	s, err := decode("toy.yaml", []byte(strings.Replace(good, "    workers: 4\n", "    workers: 4\n    families: {leak: {args: [--recycle, '{port}']}}\n", 1)))
	if err != nil {
		t.Fatal(err)
	}
	command := func(s *Server, profile string) string {
		argv, _, err := s.Command(profile, someValues)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(argv, " ")
	}
	plain := command(s, "many")
	if got, want := command(s.Under("leak"), "many"), strings.Replace(plain, "--tmp=/a/scratch", "--tmp=/a/scratch --recycle 4711", 1); got != want || got == plain {
		t.Errorf("under leak: %s, want %s", got, want)
	}
	if got := command(s.Under("wedge"), "many"); got != plain {
		t.Errorf("under wedge: %s, want %s", got, plain)
	}
	if got := command(s.Under("leak"), "default"); got != command(s, "default") {
		t.Errorf("a profile without: %s", got)
	}
	if got := command(s, "many"); got != plain {
		t.Errorf("the server has changed: %s", got)
	}
}

func TestBuiltinServersExpand(t *testing.T) {
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"bjoern", "cheroot", "cherrypy", "daphne", "eventlet", "fastpysgi", "fastwsgi", "gevent", "go", "granian", "granian-asgi", "gunicorn",
		"gunicorn-asgi", "hypercorn", "hypercorn-asgi", "mod_wsgi", "mod_wsgi_debian", "node", "passenger", "paste", "php-fpm", "puma", "pyruvate", "reference",
		"rocket3", "tornado", "twisted", "unicorn", "uvicorn", "uvicorn-asgi", "uwsgi", "waitress", "werkzeug", "wsgiref",
	} {
		if !slices.Contains(r.Names(), name) { // results and baselines name it
			t.Errorf("%s is no longer built in", name)
		}
	}
	for _, name := range r.Names() {
		s, err := r.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if s.File != "built-in servers/"+name+".yaml" {
			t.Errorf("%s stands in %s", name, s.File)
		}
		if names := s.ProfileNames(); len(names) < 2 || names[0] != "default" || names[1] != "hardened" {
			t.Errorf("%s: profiles %v, want default and hardened first", name, names)
		}
		if p, ok := s.Profiles["equal8"]; ok && (p.Claims.Slots != 8 || len(p.Args)+len(p.Command) == 0) {
			t.Errorf("%s/equal8 is to have eight slots: %+v", name, p)
		}
		for _, profile := range s.ProfileNames() {
			argv, env, err := s.Command(profile, someValues)
			if err != nil {
				t.Errorf("%s/%s: %v", name, profile, err)
				continue
			}
			line := strings.Join(argv, " ")
			if left := placeholderForm.FindString(strings.ReplaceAll(line, "%{GLOBAL}", "") + strings.Join(env, " ")); left != "" {
				t.Errorf("%s/%s: %s is left in %s", name, profile, left, line)
			}
			for _, text := range s.Texts(profile) {
				line += "\n" + someValues.fill(text)
			}
			if !strings.Contains(line, "127.0.0.1") || !strings.Contains(line, "4711") {
				t.Errorf("%s/%s does not listen where it is told: %s", name, profile, line)
			}
			if p := s.Profiles[profile]; p.Workers > 8 {
				t.Errorf("%s/%s: %d processes, at most 8 are allowed", name, profile, p.Workers)
			}
			if why := s.Profiles[profile].Why; len(why) < 20 || strings.Contains(why, "TBD") {
				t.Errorf("%s/%s does not say why: %q", name, profile, why)
			}
		}
	}
}

// A server may have braces of its own: two of them give one, and a placeholder stays one.
func TestBracesOfTheServersOwn(t *testing.T) {
	for word, want := range map[string]string{
		"Group %{{GLOBAL}}": "Group %{GLOBAL}", "{{port}}": "{4711}", `{"a":{port}}`: `{"a":4711}`, "{{a}}{{b_1}}{host}": "{a}{b_1}127.0.0.1",
	} {
		text := strings.Replace(good, "[-w, 4, ", "['"+word+"', ", 1)
		s, err := decode("toy.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		argv, _, err := s.Command("many", someValues)
		if err != nil || !slices.Contains(argv, want) {
			t.Errorf("%s: %q, %v, want %q among them", word, argv, err, want)
		}
	}
	if _, err := decode("toy.yaml", []byte(strings.Replace(good, "[-w, 4, ", "['{{a}}{b}', ", 1))); err == nil || !strings.Contains(err.Error(), "unknown placeholder {b}") {
		t.Error(err)
	}
}

func TestWriteApp(t *testing.T) {
	for _, kind := range []AppKind{AppWSGI, appASGI, AppBuiltin} {
		dir := filepath.Join(t.TempDir(), "deep", "app")
		if err := WriteApp(&Server{Name: "toy", App: kind}, dir, `a "token"`, "/r/receipts.ndjson"); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "attempt.json"))
		if err != nil {
			t.Fatal(err)
		}
		var attempt map[string]string
		if err := json.Unmarshal(text, &attempt); err != nil {
			t.Fatal(err)
		}
		if len(attempt) != 2 || attempt["token"] != `a "token"` || attempt["receipts"] != "/r/receipts.ndjson" {
			t.Errorf("attempt.json: %s", text)
		}
		_, err = os.Stat(filepath.Join(dir, "app.py"))
		if hasApp := err == nil; hasApp != (kind != AppBuiltin) {
			t.Errorf("%s: app.py is there: %v", kind, hasApp)
		}
		wantReadable(t, dir)
	}
	if err := WriteApp(&Server{Name: "toy", App: AppWSGI}, t.TempDir(), "t", "relative"); err == nil {
		t.Error("a relative receipts path was taken")
	}
	if err := WriteApp(&Server{Name: "toy", App: "fortran"}, t.TempDir(), "t", "/r"); err == nil {
		t.Error("an unknown kind of app was written")
	}
}

// wantReadable checks that any user can read everything in folder.
func wantReadable(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o644)
		if d.IsDir() {
			want = 0o755
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
