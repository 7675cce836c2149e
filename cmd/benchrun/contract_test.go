package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
	"benchrun/targets/reference"
)

// These tests hold docs/contract.md true: what it shows must be what the code
// reads, and what the code knows must stand there.

func contract(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is the text from a heading to the next one of its rank or above.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("contract.md has no %q", heading)
	}
	marks, _, _ := strings.Cut(heading, " ")
	if end := regexp.MustCompile(`(?m)^#{1,` + strconv.Itoa(len(marks)) + `} `).FindStringIndex(rest); end != nil {
		rest = rest[:end[0]]
	}
	return rest
}

// block is the first fenced block of a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "```"+language+"\n")
	body, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("no %s block", language)
	}
	return body
}

func TestContractRecord(t *testing.T) {
	lines := block(t, section(t, contract(t), "## The stored record"), "json")
	path := filepath.Join(t.TempDir(), "x.ndjson.gz")
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(lines))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	rec, err := results.ReadRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{
		"head": rec.Head.Schema == bench.RecordSchema, "boot": rec.Boot.Ready, "mark": len(rec.Marks) > 0,
		"sample": len(rec.Samples) > 0, "vital": len(rec.Vitals) > 0, "proc": len(rec.Procs) > 0,
		"receipt": len(rec.Receipts) > 0, "doubt": len(rec.Doubts) > 0, "stop": rec.Stop != nil,
	}
	for kind, ok := range shown {
		if !ok {
			t.Errorf("no example of a %s line", kind)
		}
	}
}

func TestContractServerFile(t *testing.T) {
	text := section(t, contract(t), "## Server files")
	path := filepath.Join(t.TempDir(), "gunicorn.yaml")
	load := func(yaml string) error {
		if err := os.WriteFile(path, []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := targets.Load(targets.LoadOptions{Files: []string{path}})
		return err
	}
	example := block(t, text, "yaml") + "replaces: true\n"
	if err := load(example); err != nil {
		t.Errorf("the example does not load: %v", err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (.*?) \|`).FindAllStringSubmatch(text, -1) {
		for _, p := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(m[1], -1) {
			if p == "{args}" || p == "{version}" { // their places are elsewhere, and the example has them
				continue
			}
			if err := load(strings.Replace(example, "--bind", p, 1)); err != nil {
				t.Errorf("placeholder %s: %v", p, err)
			}
		}
	}
	if err := load(strings.Replace(example, "--bind", "{nonsense}", 1)); err == nil {
		t.Error("a placeholder that the contract does not list is taken")
	}
}

func TestContractWords(t *testing.T) {
	text := contract(t)
	record := section(t, text, "## The stored record")
	var words []string
	for _, r := range []bench.Role{bench.RoleVictim, bench.RoleControl, bench.RoleProvoker, bench.RoleAgeing, bench.RoleShutdown} {
		words = append(words, string(r))
	}
	for _, o := range append(bench.VictimLosses, bench.OK, bench.Unsent, bench.Completed, bench.Cut, bench.NoConnect, bench.HeldOpen) {
		words = append(words, string(o))
	}
	for _, e := range []bench.ReceiptEvent{bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptThreadGone, bench.ReceiptProcessGone} {
		words = append(words, string(e))
	}
	for _, m := range []bench.MarkName{bench.MarkBoot, bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault,
		bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd, bench.MarkCurtailed, bench.MarkBadReceipt} {
		words = append(words, string(m))
	}
	for _, w := range words {
		if !strings.Contains(record, "`"+w+"`") {
			t.Errorf("the stored record's section does not name `%s`", w)
		}
	}
	verdicts := section(t, text, "## Verdicts")
	for v := bench.Invalid; v <= bench.Held; v++ {
		if !strings.Contains(verdicts, "`"+v.String()+"`") {
			t.Errorf("verdict %s is not named", v)
		}
	}
	for _, r := range bench.RatioLadder {
		if !strings.Contains(section(t, text, "## Names"), " "+strings.TrimSuffix(r.String(), "pct")) {
			t.Errorf("ratio %s is not named", r)
		}
	}
}

func TestContractFamilies(t *testing.T) {
	table := section(t, contract(t), "### Faults and their magnitudes")
	for _, f := range scenarios.All() {
		if !strings.Contains(table, fmt.Sprintf("| `%s` | %d |", f.ID, f.Version)) {
			t.Errorf("%s, version %d, is not in the table", f.ID, f.Version)
		}
	}
}

func TestContractExitCodes(t *testing.T) {
	table := section(t, contract(t), "## Exit codes")
	for _, code := range []int{bench.ExitOK, bench.ExitInternal, bench.ExitUsage, bench.ExitEnvironment,
		bench.ExitNothing, bench.ExitUnmeasured, bench.ExitCheckFailed} {
		if !strings.Contains(table, fmt.Sprintf("| %d |", code)) || !strings.Contains(exitHelp, strconv.Itoa(code)+" ") {
			t.Errorf("exit code %d is not told in the contract and in --help", code)
		}
	}
	if !strings.Contains(table, fmt.Sprintf("| %d, %d |", bench.ExitInterrupted, bench.ExitTerminated)) {
		t.Error("the codes of an interruption are not told")
	}
}

// Every planted flaw has a profile of its name, and every family names one.
func TestFlawsHaveProfiles(t *testing.T) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reg.Lookup("reference")
	if err != nil {
		t.Fatal(err)
	}
	profiles := map[string]bool{"default": true, "hardened": true}
	for _, f := range reference.Flaws {
		profiles[f.Name] = true
		if _, err := ref.Profile(f.Name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range ref.ProfileNames() {
		if !profiles[name] {
			t.Errorf("profile %s of the reference server is neither sound nor a flaw that it has", name)
		}
	}
	for _, f := range scenarios.All() {
		if !profiles[f.Flaw] || f.Flaw == "default" || f.Flaw == "hardened" {
			t.Errorf("family %s is to find %q, which is no flaw of the reference server", f.ID, f.Flaw)
		}
	}
}
