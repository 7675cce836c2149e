package repro

import (
	"os/exec"
	"strings"
	"testing"
)

func TestPortOf(t *testing.T) {
	for line, want := range map[string]string{
		"gunicorn --bind 127.0.0.1:29182 app":                  "29182",
		"granian --host 127.0.0.1 --port 30545 --threads 2000": "30545",
		"waitress --threads=4000 --port=8080":                  "8080",
		`x make_server("127.0.0.1", 24111, application)`:       "24111",
		"x -l :21000 --limit 400":                              "21000",
		"x -l :21000 --limit 21001":                            "",
		"x":                                                    "",
	} {
		if got := portOf(strings.Fields(line)); got != want {
			t.Errorf("%s: port %q, want %q", line, got, want)
		}
	}
}

// Bash reads the words that the record has, with the script's own folders and port.
func TestCommandIsQuotedForBash(t *testing.T) {
	words := []string{
		"/usr/bin/python3.11", "-c", "a = '21000'\nprint(\"$(id)\")", "{app}/x y", "--port=21000", "{work}{port}", "", "${HOME}", "--n=210001", "/usr/bin/python3",
	}
	out, err := exec.Command("bash", "-c", "here=/h; port=99; printf '%s|' "+command(words, "21000")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "/h/env/bin/python|-c|a = '99'\nprint(\"$(id)\")|/h/app/x y|--port=99|/h/work99||${HOME}|--n=210001|/usr/bin/python3|"
	if string(out) != want {
		t.Errorf("bash reads\n%s\nwant\n%s", out, want)
	}
}

// A record has the paths of benchrun's own folders, which a script has of its own.
func TestCommandHasNoFolderOfBenchruns(t *testing.T) {
	for word, want := range map[string]string{
		"/root/.cache/benchrun/envs/mod_wsgi-6.1.1-0123456789abcdef/bin/mod_wsgi-express": `"$here/env"/bin/mod_wsgi-express`,
		"/tmp/benchrun-0/1b334d1caa2d/app/app.py":                                         `"$here/app"/app.py`,
		"--server-root=/tmp/benchrun-1000/1b334d1caa2d/work/mod_wsgi":                     `--server-root="$here/work"/mod_wsgi`,
		"--working-directory=/var/tmp/benchrun-0/1b334d1caa2d/app":                        `--working-directory="$here/app"`,
		"/srv/benchrun-0/apps": "/srv/benchrun-0/apps",
	} {
		if got := command([]string{"x", word}, "21000"); got != "x "+want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
