package targets

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every supervisor file that is part of benchrun can be read, and says how to stop it and how
// to have it send the signal by which most servers reload.
func TestBuiltinSupervisors(t *testing.T) {
	names := SupervisorNames()
	if !slices.Equal(names, []string{"daemontools", "runit", "s6", "supervisord"}) {
		t.Errorf("%q", names)
	}
	for _, name := range names {
		s, err := FindSupervisor(name)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Sends("HUP") || s.Sends("KILL") || len(s.Install.Apt) == 0 || len(s.Sources) == 0 || s.File != "built-in supervisors/"+name+".yaml" {
			t.Errorf("%s: %+v", name, s)
		}
		if text := s.Text(); !strings.HasPrefix(text, "# Where this is from: built-in supervisors/"+name+".yaml\nschema: ") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

const supervisorText = `schema: benchrun.supervisor/v1
name: mine
title: Mine
install: {apt: [mine]}
version_command: [mine, -v]
command: [mine, "{work}"]
files:
  a/run: |
    #!/bin/sh
    cd {app}
    exec {command}
  signal: "{stop_signal} at {work}"
stop: {command: [tell, stop, "{work}"]}
signal:
  command: [tell, "{signal}"]
  names: {HUP: again}
restarts: at once
stops: at once
stock: none
`

// The error of a supervisor file that is wrong names its line and field.
func TestSupervisorFilesAreStrict(t *testing.T) {
	if _, err := decodeSupervisor("x.yaml", []byte(supervisorText)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new, want string }{
		{"/v1", "/v2", "schema"},
		{"name: mine", "name: Mi ne", "x.yaml:2: name: "},
		{"title: Mine", "title: Mine\ncolour: red", "x.yaml:4: "},
		{"restarts: at once\n", "", "restarts: missing"},
		{"version_command: [mine, -v]\n", "", "version_command: missing"},
		{`command: [mine, "{work}"]` + "\n", "", "command: missing"},
		{`[mine, "{work}"]`, `[mine, "{app}"]`, "unknown placeholder {app}"},
		{"exec {command}", "exec {comand}", "unknown placeholder {comand}; did you mean {command}?"},
		{"exec {command}", "exec it", "files: no {command}"},
		{"a/run", "../run", `"../run" cannot be a file in the supervisor's folder`},
		{"stop: {", "stop: {signal: TERM, ", "stop: want either a command or a signal"},
		{`stop: {command: [tell, stop, "{work}"]}`, "stop: {signal: KILL}", `"KILL" is not one of`},
		{`"{signal}"`, "signal", "signal.command: no {signal}"},
		{"HUP: again", "KILL: again", "signal.names.KILL: not one of HUP"},
		{"apt: [mine]", "apt: [-y]", "install.apt[0]"},
	} {
		text := strings.Replace(supervisorText, tt.old, tt.new, 1)
		if _, err := decodeSupervisor("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q instead of %q: %v, want %s", tt.new, tt.old, err, tt.want)
		}
	}
}

// The run script starts the server's command as it is, whatever its words and its folder are
// called.
func TestSupervisorPlace(t *testing.T) {
	s, err := decodeSupervisor("x.yaml", []byte(supervisorText))
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(t.TempDir(), "it's a $HOME")
	at := SupervisorPlace{Work: filepath.Join(root, "work"), App: filepath.Join(root, "app"), StopSignal: "QUIT",
		Command: []string{"/bin/sh", "-c", `pwd; printf '%s|' "$0" "$@"`, "a b", `it's`, "{work}", "$HOME", "*", "x=1", ""}}
	for _, dir := range []string{at.Work, at.App} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var made []string
	if err := s.WriteFiles(at, func(folder string) error { made = append(made, folder); return nil }); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(at.Work, "a", "run")).CombinedOutput()
	if want := at.App + "\na b|it's|{work}|$HOME|*|x=1||"; err != nil || string(out) != want {
		t.Errorf("%v: %s, want %s", err, out, want)
	}
	signal, err := os.ReadFile(filepath.Join(at.Work, "signal"))
	if info, statErr := os.Stat(filepath.Join(at.Work, "signal")); err != nil || statErr != nil || string(signal) != "QUIT at "+at.Work || info.Mode().Perm() != 0o644 {
		t.Errorf("%s, %v, %v", signal, err, statErr)
	}
	if !slices.Equal(made, []string{filepath.Join(at.Work, "a")}) {
		t.Errorf("folders %q", made)
	}
	for _, tt := range []struct{ got, want []string }{
		{s.Command(at), []string{"mine", at.Work}},
		{s.StopCommand(at), []string{"tell", "stop", at.Work}},
		{s.SignalCommand(at, "HUP"), []string{"tell", "again"}},
		{s.SignalCommand(at, "USR1"), nil},
	} {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// A server under a supervisor is another target, of which the server's own part is installed
// once.
func TestStartedBy(t *testing.T) {
	reg, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := reg.Lookup("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	under, err := reg.Lookup("gunicorn+runit")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := reg.Lookup("gunicorn+runit"); err != nil || same != under {
		t.Errorf("the same name has two servers, %v", err)
	}
	if under.Name != "gunicorn+runit" || under.SupervisorName() != "runit" || under.ownName() != "gunicorn" || alone.SupervisorName() != "" || alone.ownName() != "gunicorn" {
		t.Errorf("%s, %s, %s; %s", under.Name, under.SupervisorName(), under.ownName(), alone.SupervisorName())
	}
	with, without := under.requirements(under.Profiles["default"], ""), alone.requirements(alone.Profiles["default"], "")
	if !slices.Equal(with.Apt, append(slices.Clone(without.Apt), "runit")) || !slices.Equal(with.Python, without.Python) {
		t.Errorf("it needs %+v, without a supervisor %+v", with, without)
	}
	digest := func(s *Server) string {
		d, err := s.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	other, err := reg.Lookup("gunicorn+s6")
	if err != nil || digest(under) == digest(alone) || digest(under) == digest(other) {
		t.Errorf("the same digest; %v", err)
	}
	for name, want := range map[string]string{
		"gunicorn+runt":  `unknown front or supervisor "runt"; did you mean "runit"?`,
		"gunicron+runit": `unknown server "gunicron"; did you mean "gunicorn"?`,
		"gunicorn+":      `unknown front or supervisor ""`,
	} {
		if _, err := reg.Lookup(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
