package cost

import (
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

func TestJobsRows(t *testing.T) {
	one := hour{cells: 6, attempts: 6, wall: 150 * time.Second, most: 1, targets: 18, own: 6, busy: 30, idle: 270}
	many := hour{cells: 14, attempts: 15, invalid: 1, wall: 60 * time.Second, most: 9, targets: 42, own: 21, busy: 72, idle: 48}
	rows := jobsRows(many, one) // 840 an hour beside 144
	if r := rows[0]; r.Figure != "840, 5.8 × `--jobs 1`" || r.Beside != "`--jobs 1` 144" || r.Missed || !strings.Contains(r.What, "up to 9 at once") {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; !strings.HasPrefix(r.Figure, "servers 35 %, ") || !strings.HasSuffix(r.Figure, "other programs 8 %, idle 40 %") || !strings.Contains(r.Figure, ") 18 %") {
		t.Errorf("%+v", r)
	}
	if rows[3].Figure != "1 of 15" {
		t.Errorf("%+v", rows[3])
	}
	many.wall *= 2
	if rows := jobsRows(many, one); !rows[0].Missed {
		t.Errorf("%+v", rows[0])
	}
}

func TestWhatLimits(t *testing.T) {
	one := hour{attempts: 6, made: 150, unseen: 3}
	idle := hour{targets: 30, own: 10, busy: 45, idle: 75, wall: time.Minute, attempts: 12, made: 300, unseen: 6}
	with := func(change func(*hour)) hour {
		h := idle
		change(&h)
		return h
	}
	for want, h := range map[string]hour{
		"other programs":                     {targets: 10, own: 5, busy: 100, idle: 20, alone: 60, wall: time.Minute},
		"CPU":                                {targets: 60, own: 30, busy: 100, idle: 20, wall: time.Minute},
		"the beginning":                      idle,
		"cells that run alone, 40 s of 60 s": with(func(h *hour) { h.alone = 40 }),
		"memory: 100 MiB were left for servers, and one of them took 200 MiB": with(func(h *hour) { h.room, h.memory = 100<<20, 200<<20 }),
		"turns to boot: attempts wait for them 30 % of their time":            with(func(h *hour) { h.unseen = 96 }),
		"the beginning and the end of the run, and what cells wait for":       with(func(h *hour) { h.room, h.memory, h.unseen = 300<<20, 200<<20, 60 }),
	} {
		if got := h.limit(one); !strings.HasPrefix(got, want) {
			t.Errorf("%+v: %q, want %q", h, got, want)
		}
	}
}

// The records say which part of what benchrun and its descendants used is the servers'.
func TestWhereTheCPUWent(t *testing.T) {
	folder, err := results.OpenFolder(golden)
	if err != nil {
		t.Fatal(err)
	}
	run, err := folder.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run.Cells[0].Attempts[0].Company, run.Cells[1].Attempts[0].Seconds = 6, 10
	h := hour{own: 1000}
	if err := h.count(t.Context(), folder, run); err != nil {
		t.Fatal(err)
	}
	attempts, invalid := 0, 0
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			attempts++
			if a.Verdict == bench.Invalid {
				invalid++
			}
		}
	}
	if h.cells != len(run.Cells) || h.attempts != attempts || h.invalid != invalid || h.most != 7 || h.targets <= 0 || h.own != 1000-h.targets {
		t.Errorf("%+v", h)
	}
	took, alone := 0.0, 0.0
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			took += a.Seconds
			if a.Company == 0 {
				alone += a.Seconds
			}
		}
	}
	if h.made != took || h.alone != alone || h.alone < 10 || h.room == 0 || h.unseen < 0 || h.unseen >= took {
		t.Errorf("of %.1f s of attempts, %.1f alone: %+v", took, alone, h)
	}
}
