package bench

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// However long what an error quotes is, its beginning, its cause and its hint are
// there, and it is short.
func TestErrorsAreShort(t *testing.T) {
	long := strings.Repeat("é/", 100_000)
	for _, err := range []error{
		&UsageError{Problem: "no server " + long + " is known", Hint: "see list servers"},
		&EnvironmentError{Problem: "no server ", Err: errors.New(long + " is known"), Hint: "see list servers"},
		&EnvironmentError{Problem: "no server ", Err: &EnvironmentError{Problem: long, Hint: "is known"}, Hint: "see list servers"},
	} {
		got := err.Error()
		if len(got) > 2500 || !utf8.ValidString(got) || !strings.HasPrefix(got, "no server ") || !strings.HasSuffix(got, "is known; see list servers") {
			t.Errorf("%d bytes: %.40q … %q", len(got), got, got[max(0, len(got)-60):])
		}
	}
	if got := (&UsageError{Problem: "a", Hint: "b"}).Error(); got != "a; b" {
		t.Errorf("%q", got)
	}
}

// What broke the work says more than that something was not measured, and less
// than that a check failed.
func TestEnded(t *testing.T) {
	disk := errors.New("disk full")
	for _, tt := range []struct {
		verdict, broke error
		is, isNot      error
	}{
		{ErrCheckFailed, disk, ErrCheckFailed, ErrUnmeasured},
		{ErrUnmeasured, disk, disk, ErrUnmeasured},
		{ErrStrict, disk, disk, ErrStrict},
		{ErrUnmeasured, nil, ErrUnmeasured, disk},
		{ErrCheckFailed, disk, disk, ErrStrict},
	} {
		if got := Ended(tt.verdict, tt.broke); !errors.Is(got, tt.is) || errors.Is(got, tt.isNot) {
			t.Errorf("%v, %v: %v", tt.verdict, tt.broke, got)
		}
	}
	if got := Ended(nil, nil); got != nil {
		t.Error(got)
	}
}
