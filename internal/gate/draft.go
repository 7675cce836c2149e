package gate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

// DraftDays is how many days a drafted waiver lasts.
const DraftDays = 90

// mostSaid is how many characters of the run's reason a draft quotes.
const mostSaid = 200

// Draft is what a run adds to a file of waivers.
type Draft struct {
	Text  []byte    // the file with the additions; nothing else in it changes
	Added []Drafted // in the order of the file
	Told  []string  // about entries that it left alone and that a person should look at
}

// Drafted is a waiver without a reason. It waives nothing until a person has
// written one.
type Drafted struct {
	Waiver
	Said string // why the cell did not hold, in one line
}

// DraftWaivers adds an entry for each cell that breaks a check and that no entry is
// about: with its verdict, without a reason, for DraftDays from today. It never
// changes the entries in old, the file's content, which may be empty. If a cell is
// worse than its entry expects, or the entry has expired or is still a draft, Told
// says so. run names the run in the added text. It returns a bench.UsageError if
// nothing can be added to the file as it is written.
func DraftWaivers(file string, old []byte, checks []Check, cells []bench.Cell, run string, today time.Time) (Draft, error) {
	out := Draft{Text: old}
	if len(bytes.TrimSpace(old)) == 0 {
		old = []byte(newWaiverFile)
	}
	there, src, err := parseWaivers(file, old)
	if err != nil {
		return Draft{}, err
	}
	_, out.Told = Waive(checks, cells, there, today)
	for _, w := range there {
		if w.draft() {
			out.Told = append(out.Told, w.waits())
		}
	}
	for _, k := range checks {
		if k.Outcome != Broken || k.Index < 0 {
			continue
		}
		c := cells[k.Index]
		about := func(w Waiver) bool { return selects(w.Cell, c.Name()) }
		if slices.ContainsFunc(there, about) {
			continue // Told already says how the cell differs from its entry
		}
		if at := slices.IndexFunc(out.Added, func(d Drafted) bool { return about(d.Waiver) }); at >= 0 { // broken under another rule, or in another version
			out.Added[at].Verdict = min(out.Added[at].Verdict, c.Verdict)
			continue
		}
		out.Added = append(out.Added, Drafted{
			Waiver: Waiver{Cell: c.Name(), Verdict: c.Verdict, Expires: dayOf(today).AddDate(0, 0, DraftDays)},
			Said:   said(c, k),
		})
	}
	if len(out.Added) == 0 {
		return out, nil
	}
	if len(there)+len(out.Added) > MostWaivers {
		return Draft{}, &bench.UsageError{
			Problem: fmt.Sprintf("%s: %d entries would be more than %d", file, len(there)+len(out.Added), MostWaivers),
			Hint:    "write entries with globs, or ask for less with --fail-on",
		}
	}
	text, err := appendWaivers(file, old, src, there, out.Added, run)
	out.Text = text
	return out, err
}

// said is the run's reason for the cell's verdict, in one line.
func said(c bench.Cell, k Check) string {
	text := ""
	if len(c.Reasons) > 0 {
		text = oneLine(c.Reasons[0])
	}
	if text == "" {
		text = oneLine(k.String())
	}
	if long := []rune(text); len(long) > mostSaid {
		text = string(long[:mostSaid-1]) + "…"
	}
	return text
}

const newWaiverFile = `# Results that are expected for now: they fail no gate. An entry whose day is
# past still holds and is told, and so is a cell that does better than expected.
schema: ` + WaiverSchema + "\n"

// appendWaivers adds entries after the last one in a file's list.
func appendWaivers(file string, old []byte, src *strictyaml.Source, there []Waiver, added []Drafted, run string) ([]byte, error) {
	var b bytes.Buffer
	b.Write(old)
	if !bytes.HasSuffix(old, []byte("\n")) {
		b.WriteByte('\n')
	}
	indent, items := src.Indent("waivers")
	if !items {
		indent = "  "
	}
	if _, listed := src.Line("waivers"); !listed {
		b.WriteString("waivers:\n")
	}
	want := slices.Clone(there)
	for _, w := range added {
		want = append(want, w.Waiver)
		fmt.Fprintf(&b, "%s# drafted from run %s: %s\n", indent, oneLine(run), w.Said)
		fmt.Fprintf(&b, "%s- cell: %s\n", indent, strictyaml.Scalar(w.Cell))
		fmt.Fprintf(&b, "%s  verdict: %s\n", indent, w.Verdict)
		fmt.Fprintf(&b, "%s  reason: \"\" # why this is expected; the entry waives nothing until it is written\n", indent)
		fmt.Fprintf(&b, "%s  expires: %s\n", indent, w.Expires.Format(dayForm))
	}
	got, err := ParseWaivers(file, b.Bytes())
	same := func(a, b Waiver) bool {
		return a.Cell == b.Cell && a.Verdict == b.Verdict && a.Reason == b.Reason && a.Link == b.Link && a.Expires.Equal(b.Expires)
	}
	if err != nil || !slices.EqualFunc(got, want, same) {
		return nil, &bench.UsageError{
			Problem: file + ": benchrun cannot add entries to it as it is written",
			Hint:    "make the list of waivers the last field of the file, and begin each entry with '- ' on a line of its own",
		}
	}
	return b.Bytes(), nil
}

// oneLine makes a text printable, in one line: servers write it, and people read
// it in a file.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
