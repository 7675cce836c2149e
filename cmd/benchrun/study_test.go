package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The table of scripts/study counts pairs, verdicts that differ, attempts that company spoiled,
// and the ratio of cells an hour: the time that as many valid attempts take alone, to the whole
// time in company.
func TestStudyTable(t *testing.T) {
	out := t.TempDir()
	cell := func(family, verdict, flag string, attempts ...string) string {
		var made []string
		for i, a := range attempts {
			verdict, company, _ := strings.Cut(a, "+")
			if company == "" {
				company = "0"
			}
			made = append(made, fmt.Sprintf(`{"attempt": %d, "verdict": %q, "company": %s, "started_at": "2026-11-30T10:00:00Z", "seconds": 900}`, i+1, verdict, company))
		}
		return fmt.Sprintf(`{"server": "s", "profile": "p", "scenario": %q, "verdict": %q, "flags": [%s], "attempts": [%s]}`,
			family, verdict, flag, strings.Join(made, ", "))
	}
	write := func(how, finished string, cells ...string) {
		folder := filepath.Join(out, "quiet", how, "run")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"seed": 7, "finished_at": "2026-11-30T%sZ", "cells": [%s]}`, finished, strings.Join(cells, ", "))
		if err := os.WriteFile(filepath.Join(folder, "run.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("alone", "12:00:00", cell("a", "held", "", "held"), cell("b", "held", `"flaky"`, "failed", "held"),
		cell("c", "failed", "", "failed", "failed"), cell("d", "invalid", "", "invalid", "invalid", "invalid"))
	write("company", "10:30:00", cell("a", "held", "", "invalid+3", "held"), cell("b", "failed", "", "failed+4", "failed+4"),
		cell("c", "failed", "", "failed+2", "failed+2"), cell("d", "held", "", "held+1"))
	text, err := exec.CommandContext(t.Context(), "python3", filepath.Join("..", "..", "scripts", "study-table"), out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{
		"| quiet | 4 | 1 | 1 | 1 | 0 | 1 | 1 of 6 | 0 | 3.0 |",
		"quiet, seed 7, s/p/b: alone held, in company failed",
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
