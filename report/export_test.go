package report

import "testing"

func TestShell(t *testing.T) {
	for want, words := range map[string][]string{
		"":                             nil,
		"a -b=c 'd e' ''":              {"a", "-b=c", "d e", ""},
		`'$(reboot)' 'it'\''s' '\x1b'`: {"$(reboot)", "it's", "\x1b"},
	} {
		if got := Shell(words...); got != want {
			t.Errorf("%q gives %q, want %q", words, got, want)
		}
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
