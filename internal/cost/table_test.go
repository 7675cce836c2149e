package cost

import (
	"errors"
	"os"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestMarkdown(t *testing.T) {
	got := Markdown([]Row{
		{What: "a|b", Figure: "1 ms"},
		{What: "c", Figure: "2 s", Beside: "other 3 s", Goal: "≤ 2 s"},
		{What: "d", Figure: "3 s", Goal: "≤ 2 s", Missed: true},
	})
	want := `| what | benchrun | beside it | goal | met |
|---|---|---|---|---|
| a\|b | 1 ms |  |  |  |
| c | 2 s | other 3 s | ≤ 2 s | yes |
| d | 3 s |  | ≤ 2 s | **no** |
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReplace(t *testing.T) {
	page := "# Title\n\n" + Table.Begin + "\nold\n" + Table.End + "\nafter\n"
	once, err := Table.Replace([]byte(page), "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "# Title\n\n" + Table.Begin + "\n\nnew\n\n" + Table.End + "\nafter\n"; string(once) != want {
		t.Errorf("got %q, want %q", once, want)
	}
	twice, err := Table.Replace(once, "new")
	if err != nil || string(twice) != string(once) {
		t.Errorf("again: %q, %v", twice, err)
	}
	for _, broken := range []string{
		"", Table.Begin + "\n", Table.End + "\n", Table.End + "\n" + Table.Begin + "\n", page + Table.Begin + "\n", page + Table.End + "\n",
	} {
		var usage *bench.UsageError
		if _, err := Table.Replace([]byte(broken), "new"); !errors.As(err, &usage) {
			t.Errorf("%q: %v, want a usage error", broken, err)
		}
	}
}

// Rows of one section replace those that the page has of it, and all others stay.
func TestRowsOfOneSection(t *testing.T) {
	watch, jobs, report := "| watching 1 process | 1 % |  |  |  |", "| side by side: what limits it | CPU |  |  |  |", "| report.html of 100 cells | 1 MB |  |  |  |"
	text := tableHead + strings.Join([]string{watch, report}, "\n") + "\n\nMeasured yesterday."
	only, err := Select([]string{"jobs"})
	if err != nil {
		t.Fatal(err)
	}
	rows := []Row{{What: "side by side: what limits it", Figure: "CPU"}}
	once := renewed(text, only, rows, "measured today.")
	want := tableHead + strings.Join([]string{watch, jobs, report}, "\n") + "\n\nMeasured yesterday.\n\nThe rows of `jobs`: measured today.\n"
	if once != want {
		t.Errorf("got\n%s\nwant\n%s", once, want)
	}
	rows[0].Figure = "memory"
	again := renewed(strings.TrimSpace(once), only, rows, "measured tomorrow.")
	if want := strings.NewReplacer("| CPU |", "| memory |", "today", "tomorrow").Replace(want); again != want {
		t.Errorf("got\n%s\nwant\n%s", again, want)
	}
}

// Each row of the page belongs to one section, by how it begins.
func TestRowsOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	table, _, _ := strings.Cut(strings.TrimPrefix(Table.Text(page), tableHead), "\n\n")
	for line := range strings.Lines(table) {
		rows++
		found := 0
		for _, s := range Sections() {
			if s.has(line) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d sections have %q", found, line)
		}
	}
	if rows < 10 {
		t.Errorf("the page has %d rows", rows)
	}
	for _, r := range jobsRows(hour{}, hour{}) {
		if jobs, err := Select([]string{"jobs"}); err != nil || !jobs[0].has(r.line()) {
			t.Errorf("%q would be lost: %v", r.What, err)
		}
	}
}

func TestSelect(t *testing.T) {
	all, err := Select(nil)
	if err != nil || len(all) != len(Sections()) {
		t.Errorf("without names: %d sections, %v", len(all), err)
	}
	two, err := Select([]string{"watch", "victims"})
	if err != nil || len(two) != 2 || two[0].Name != "watch" || two[1].Name != "victims" {
		t.Errorf("two names: %v, %v", two, err)
	}
	var usage *bench.UsageError
	if _, err := Select([]string{"watches"}); !errors.As(err, &usage) || !strings.Contains(err.Error(), "watches") {
		t.Errorf("an unknown name: %v", err)
	}
}

// The page that scripts/cost writes to has the place for it.
func TestMethodHasThePlace(t *testing.T) {
	page, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Table.Replace(page, "table"); err != nil {
		t.Error(err)
	}
}
