package report

import (
	"os/exec"
	"strings"
	"testing"
)

func TestShell(t *testing.T) {
	for want, words := range map[string][]string{
		"":                            nil,
		"a -b=c 'd e' ''":             {"a", "-b=c", "d e", ""},
		`'$(reboot)' 'it'\''s'`:       {"$(reboot)", "it's"},
		`$'a\n\tb\\n\'' $'\0331\033'`: {"a\n\tb\\n'", "\x1b1\x1b"},
	} {
		if got := Shell(words...); got != want {
			t.Errorf("%q gives %q, want %q", words, got, want)
		}
	}
}

// bash reads back the words that Shell wrote.
func TestShellWordsComeBack(t *testing.T) {
	var words []string
	for _, h := range hostile {
		if !strings.Contains(h, "\x00") { // no command line can contain it
			words = append(words, h)
		}
	}
	line := Shell(words...)
	if Clean(line) != line {
		t.Errorf("not clean: %q", line)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here to read the line")
	}
	out, err := exec.Command(bash, "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(words, "\x00") + "\x00"; string(out) != want {
		t.Errorf("bash reads %q\nwant %q", out, want)
	}
}

func TestCleanTextStays(t *testing.T) {
	for _, h := range hostile {
		once := Clean(h)
		if twice := Clean(once); twice != once {
			t.Errorf("%q becomes %q, then %q", h, once, twice)
		}
	}
}
