package console

import (
	"io"
	"os"
	"slices"

	"golang.org/x/term"
)

// KnowsEscapes says whether w is a terminal that obeys escape sequences. Without TERM,
// nobody knows what it can do.
func KnowsEscapes(w io.Writer) bool {
	f, ok := Behind(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && !slices.Contains([]string{"", "dumb", "unknown"}, os.Getenv("TERM"))
}

// IsTerminal says whether r reads what somebody types.
func IsTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Colours says that text may be coloured on w.
func Colours(w io.Writer) bool { return KnowsEscapes(w) && os.Getenv("NO_COLOR") == "" }

// usualWidth is used without a terminal.
const usualWidth = 120

// Size is how many columns and lines the terminal behind w has. Where there is
// none, the columns are a usual number and the lines 0.
func Size(w io.Writer) (columns, lines int) {
	f, ok := Behind(w).(*os.File)
	if !ok {
		return usualWidth, 0
	}
	columns, lines, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return usualWidth, 0
	}
	if columns <= 0 {
		columns = usualWidth
	}
	return columns, lines
}
