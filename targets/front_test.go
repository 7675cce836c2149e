package targets

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goodFront is a whole front file.
const goodFront = `schema: benchrun.front/v1
name: toyproxy
title: Toy proxy
install: {apt: [toy-proxy]}
version_command: [/usr/sbin/toyproxy, -v]
command: [/usr/sbin/toyproxy, -c, "{work}/toy.conf"]
files:
  toy.conf: |
    listen {host}:{port}; pass { to {server} }
log: error.log
stop: {signal: QUIT, grace_s: 2}
idle_timeout_s: 60
roles: {leader: does it all}
buffers: {heads: whole, requests: not, answers: not}
stock: as it comes
`

func toyFront(t *testing.T) *Front {
	t.Helper()
	f, err := decodeFront("toy.yaml", []byte(goodFront))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A front's command and files name where it listens, whom it asks and its own folder.
func TestFrontCommand(t *testing.T) {
	f, at := toyFront(t), FrontPlace{Host: "127.0.0.1", Port: 4711, Server: "127.0.0.1:4712", Work: t.TempDir()}
	argv, env := f.Command(at)
	if want := []string{"/usr/sbin/toyproxy", "-c", at.Work + "/toy.conf"}; !slices.Equal(argv, want) {
		t.Errorf("%q, want %q", argv, want)
	}
	if !slices.Contains(env, "TMPDIR="+at.Work) {
		t.Errorf("environment %q", env)
	}
	if err := f.WriteFiles(at); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(at.Work, "toy.conf"))
	if err != nil || string(text) != "listen 127.0.0.1:4711; pass { to 127.0.0.1:4712 }\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestFrontFileIsStrict(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"front/v1", "front/v2", `toy.yaml:1: schema: "benchrun.front/v2" is not known`},
		{"name: toyproxy", "name: toy+proxy", `toy.yaml:2: name: "toy+proxy" is not a name`},
		{"title: Toy proxy\n", "", "title: missing"},
		{"log:", "logg:", "toy.yaml:10: logg: unknown field; did you mean \"log\"?"},
		{"{work}", "{app}", "toy.yaml:6: command[2]: unknown placeholder {app}"},
		{"{server}", "{sever}", "unknown placeholder {sever}; did you mean {server}?"},
		{"{port}", "80", "no {port}, and none in the command"},
		{"{server}", "others", "no {server}, and none in the command"},
		{"QUIT", "KILL", `stop.signal: "KILL" is not one of TERM, INT`},
		{"grace_s: 2", "grace_s: -1", "stop.grace_s: below 0"},
		{"idle_timeout_s: 60", "idle_timeout_s: 0", "idle_timeout_s: want more than 0"},
		{"toy-proxy", "toy proxy", "install.apt[0]"},
		{"error.log", "../error.log", "cannot be a file in the front's folder"},
		{"toy.conf: |", "a/b: |", "cannot be a file in the front's folder"},
		{"leader: does it all", "children: none", "roles.leader: missing"},
		{"stock: as it comes\n", "", "stock: missing"},
		{"heads: whole, ", "", "buffers.heads: missing"},
		{"version_command: [/usr/sbin/toyproxy, -v]\n", "", "version_command: missing"},
	} {
		text := strings.Replace(goodFront, tt.from, tt.to, 1)
		if _, err := decodeFront("toy.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s for %s: %v, want %s", tt.to, tt.from, err, tt.want)
		}
	}
}

// Each front of benchrun's own can be put before each server.
func TestBuiltinFronts(t *testing.T) {
	reg, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := reg.Fronts(); !slices.Equal(got, FrontNames()) || !slices.Equal(got, []string{"apache", "haproxy", "nginx"}) {
		t.Errorf("fronts %q", got)
	}
	for _, name := range reg.Fronts() {
		s, err := reg.Lookup("gunicorn+" + name)
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != "gunicorn+"+name || s.FrontName() != name || len(s.Front.Sources) == 0 || !strings.Contains(s.Front.Text(), "built-in fronts/"+name+".yaml") {
			t.Errorf("%+v", s.Front)
		}
		again, err := reg.Lookup("gunicorn+" + name)
		if err != nil || again != s {
			t.Error("a second look finds another server")
		}
	}
	for name, want := range map[string]string{
		"gunicorn+ngnix":       `unknown front or supervisor "ngnix"; did you mean "nginx"?`,
		"gunicorn+":            `unknown front or supervisor ""`,
		"gunicorn+nginx+nginx": `gunicorn+nginx+nginx: a server has one front or one supervisor, and not two of these; for example: gunicorn+nginx`,
		"gunicorn+nginx+runit": `gunicorn+nginx+runit: a server has one front or one supervisor`,
		"gunicorn+runit+nginx": `gunicorn+runit+nginx: a server has one front or one supervisor, and not two of these; for example: gunicorn+runit`,
		"gunicron+nginx":       `unknown server "gunicron"; did you mean "gunicorn"?`,
	} {
		_, err := reg.Lookup(name)
		wantUsage(t, err, want)
	}
}

// A server behind a front is another target, and needs the same environment and the front's
// packages. The server itself stays as it is.
func TestBehind(t *testing.T) {
	s, err := decode("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := s.Digest()
	pair := s.Behind(toyFront(t))
	after, _ := s.Digest()
	if own, _ := pair.Digest(); after != before || own == before || s.Front != nil || s.Name != "toy" || pair.Name != "toy+toyproxy" {
		t.Errorf("digests %s, %s and with a front %s", before, after, own)
	}
	needs, _, err := pair.Needs("default", "")
	if err != nil || !slices.Contains(needs.Apt, "toy-proxy") {
		t.Errorf("%+v, %v", needs, err)
	}
	if alone, _, _ := s.Needs("default", ""); slices.Contains(alone.Apt, "toy-proxy") {
		t.Errorf("without a front: %+v", alone)
	}
	py := interpreter{path: "/usr/bin/python3", version: "3.11.2", tag: "cp311"}
	one, err1 := newRecipe(s, "default", needs, py)
	two, err2 := newRecipe(pair, "default", needs, py)
	if err1 != nil || err2 != nil || one.key() != two.key() {
		t.Errorf("%s and %s; %v, %v", one.key(), two.key(), err1, err2)
	}
}

// What people read of a front makes no other target; what it does makes one.
func TestFrontDigest(t *testing.T) {
	digest := func(f *Front) string {
		t.Helper()
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	f := toyFront(t)
	before := digest(f)
	f.Stock, f.Buffers.Heads, f.File = "better words", "better words", "elsewhere"
	if digest(f) != before {
		t.Error("a text makes another target")
	}
	f.Files["toy.conf"] += "more"
	if digest(f) == before {
		t.Error("another configuration is the same target")
	}
}
