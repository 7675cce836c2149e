package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/plan"
	"benchrun/results"
	"benchrun/targets"
)

// ordered is an order of one cell, whose notes go to notes.
func ordered(t *testing.T, unsupported string) (o Order, notes *[]string) {
	t.Helper()
	t.Setenv(targets.CacheVariable, t.TempDir())
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells, err := plan.Cells(reg, plan.Selection{Servers: []string{bench.ReferenceServer}, Profiles: []string{"no-respawn"}, Scenarios: []string{"segfault"}})
	if err != nil {
		t.Fatal(err)
	}
	cells[0].Unsupported = unsupported
	asked, err := plan.Asked(cells, 1, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	notes = &[]string{}
	return Order{
		Order:   campaign.Order{Cells: cells, Mode: bench.ModeQuick, Attempts: 1},
		Opening: campaign.Opening{Out: t.TempDir(), Benchrun: "test", Asked: asked},
		Tell: func(e bench.Event) {
			if n, ok := e.(bench.Noted); ok {
				*notes = append(*notes, n.Text)
			}
		},
	}, notes
}

// A run says where its results go, has its report there, and says how to go on if
// something of it is left.
func TestRunWithoutTime(t *testing.T) {
	order, notes := ordered(t, "")
	order.MaxTime = 1
	made, err := order.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := made.Run.Cells; len(c) != 1 || c[0].Verdict != bench.Invalid || made.Folder != filepath.Join(order.Out, made.Run.ID) {
		t.Errorf("%+v in %s", made.Run, made.Folder)
	}
	if page, err := os.ReadFile(filepath.Join(made.Folder, results.ReportFile)); err != nil || !strings.Contains(string(page), "segfault-1pct") {
		t.Errorf("report.html: %v, %d bytes", err, len(page))
	}
	all := strings.Join(*notes, "\n")
	if !strings.Contains(all, "; results: "+made.Folder) || !strings.HasSuffix(all, "\nthe rest of it: benchrun --resume "+made.Folder) {
		t.Errorf("notes: %s", all)
	}
}

// A run of --server-cmd says which app its server gets.
func TestRunSaysWhichAppACommandServes(t *testing.T) {
	order, notes := ordered(t, "")
	command, err := targets.ParseCommand("sh -c {port} config.ru", "", "")
	if err != nil {
		t.Fatal(err)
	}
	reg, err := targets.Load(targets.LoadOptions{Command: command})
	if err != nil {
		t.Fatal(err)
	}
	if order.Cells, err = plan.Choose(reg, plan.Selection{Scenarios: []string{"segfault"}}, nil); err != nil {
		t.Fatal(err)
	}
	if order.Asked, err = plan.Asked(order.Cells, 1, "", nil); err != nil {
		t.Fatal(err)
	}
	order.MaxTime = 1
	if _, err := order.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(*notes, "\n"); !strings.Contains(all, ": app wsgi, because --app-kind is not given; the command looks like one for rack: add --app-kind rack") {
		t.Errorf("notes: %s", all)
	}
}

// Run does not begin a run again that has nothing left to do.
func TestRunWithNothingToDo(t *testing.T) {
	order, notes := ordered(t, "it has no workers")
	made, err := order.Run(t.Context())
	if err != nil || made.Run.Cells[0].Verdict != bench.Unsupported || strings.Contains(strings.Join(*notes, "\n"), "the rest of it") {
		t.Fatalf("%+v, %v, %q", made.Run, err, *notes)
	}
	if order.Earlier, err = campaign.Resume(t.Context(), made.Folder, "test"); err != nil {
		t.Fatal(err)
	}
	*notes = nil
	again, err := order.Run(t.Context())
	if err != nil || again.Folder != made.Folder || len(again.Run.Cells) != 1 || len(again.Run.Resumed) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	if len(*notes) != 1 || !strings.HasPrefix((*notes)[0], made.Folder+": nothing to do: ") {
		t.Errorf("notes %q", *notes)
	}
}

// An interrupted run says what it has, attempts of cells without a verdict included.
func TestHaveVerdicts(t *testing.T) {
	o := Order{Order: campaign.Order{Cells: []plan.Cell{{}, {}, {Unsupported: "no workers"}}}}
	for _, tt := range []struct {
		verdicts []bench.Verdict
		kept     int
		want     string
	}{
		{nil, 0, "0 of 2 cells have a verdict, and no attempt was over"},
		{nil, 1, "0 of 2 cells have a verdict, and 1 attempt of other cells is kept"},
		{[]bench.Verdict{bench.Held}, 2, "1 of 2 cells has a verdict, and 2 attempts of other cells are kept"},
		{[]bench.Verdict{bench.Held, bench.Invalid}, 0, "1 of 2 cells has a verdict"},
	} {
		var run bench.Run
		for _, v := range tt.verdicts {
			run.Cells = append(run.Cells, bench.Cell{Verdict: v})
		}
		if got := o.haveVerdicts(run, tt.kept); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// What cannot be begun has no outcome.
func TestRunWithoutAFolder(t *testing.T) {
	order, _ := ordered(t, "")
	order.Out = filepath.Join(order.Out, "file")
	if err := os.WriteFile(order.Out, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if made, err := order.Run(t.Context()); err == nil || made.Folder != "" || made.Run.ID != "" {
		t.Errorf("%+v, %v", made, err)
	}
	if made, err := order.Duel(t.Context()); err == nil || made.Run.ID != "" {
		t.Errorf("%+v, %v", made, err)
	}
}
