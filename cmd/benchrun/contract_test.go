package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/internal/strictyaml"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
	"benchrun/targets/reference"
)

// These tests compare docs/contract.md with the code: the code must accept what the page
// shows, and the page must have everything that the code knows.

func contract(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is the text from a heading to the next one of the same or a higher level.
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

// block is the first fenced block in a language.
func block(t *testing.T, text, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "```"+language+"\n")
	body, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("no %s block", language)
	}
	return body
}

// The page has the limits that are in force.
func TestContractLimits(t *testing.T) {
	text := section(t, contract(t), "## Files that benchrun reads")
	for what, want := range map[string]string{
		"runs":    fmt.Sprintf("| `run.json`, `cells.ndjson` | %d MiB, ", max(intake.Run.Most, intake.Attempts.Most)>>20),
		"records": fmt.Sprintf("| a record | %d MiB as it is stored", intake.Record.Most>>20),
		"logs":    fmt.Sprintf("its last %d,%03d bytes are shown", intake.MostTail/1000, intake.MostTail%1000),
		"small":   fmt.Sprintf("a server file | %d MiB |", intake.Small>>20),
		"rules":   fmt.Sprintf("| rules | %d,%03d,", gate.MostRules/1000, gate.MostRules%1000),
		"YAML":    fmt.Sprintf("| %d,%03d fields,", strictyaml.MostFields/1000, strictyaml.MostFields%1000),
		"waivers": fmt.Sprintf("| waivers | %d,%03d |", gate.MostWaivers/1000, gate.MostWaivers%1000),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s: the page does not say %q", what, want)
		}
	}
}

func TestContractRecord(t *testing.T) {
	lines := block(t, section(t, contract(t), "## The stored record"), "json")
	folder, err := results.Create(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	path := folder.RecordPath("x", 1)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(lines))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Join(path), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	rec, err := folder.ReadRecord(t.Context(), path)
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
			if p == "{args}" || p == "{version}" { // they are allowed elsewhere, and the example has them
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
		bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd, bench.MarkCurtailed, bench.MarkBadReceipt, bench.MarkMemoryCap,
		bench.MarkDiskCap, bench.MarkTmpFull, bench.MarkLeft, bench.MarkSignal} {
		words = append(words, string(m))
	}
	for _, f := range scenarios.All() {
		words = append(words, string(f.Traits.Proof))
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
		if leak := f.Traits.LeakBytes; leak > 0 && !strings.Contains(table, "8,388,608 bytes") || leak != 0 && leak != 8_388_608 {
			t.Errorf("%s leaks %d bytes, which the table does not say", f.ID, leak)
		}
	}
}

// Every family that needs a fault of the app finds it in the list of those that apps have.
func TestEveryFaultOfAFamilyIsKnown(t *testing.T) {
	for _, f := range scenarios.All() {
		if name := f.Needs.AppFault; name != "" && !slices.Contains(targets.AppFaults(), name) {
			t.Errorf("%s: no app has the fault %s", f.ID, name)
		}
	}
}

// The reference server's own app has every fault, and begins each with a receipt.
func TestTheReferenceHasEveryFault(t *testing.T) {
	t.Parallel()
	for _, fault := range targets.AppFaults() {
		dir := t.TempDir()
		receipts := filepath.Join(dir, "reference.ndjson")
		attempt := fmt.Sprintf(`{"token": "token", "receipts": %q}`, receipts)
		if err := os.WriteFile(filepath.Join(dir, "attempt.json"), []byte(attempt), 0o644); err != nil {
			t.Fatal(err)
		}
		port, err := launch.PickPort()
		if err != nil {
			t.Fatal(err)
		}
		defer port.Release()
		addr := fmt.Sprintf("127.0.0.1:%d", port.Number)
		cmd := benchrunCommand(t.Context(), t, "__reference", "--bind", addr, "--app", dir, "--workers", "1")
		wantStart(t, "reference", fault, receipts, cmd, func() error {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				t.Cleanup(func() { _ = conn.Close() })
				_, err = fmt.Fprintf(conn, "GET /fault/%s?nonce=f1 HTTP/1.1\r\nHost: x\r\n\r\n", fault)
			}
			return err
		})
	}
}

// wantStart runs cmd, sends the request, waits for the fault's start receipt, and ends cmd.
func wantStart(t *testing.T, app, fault, receipts string, cmd *exec.Cmd, ask func() error) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	asked := false
	want := fmt.Sprintf(`"fault":%q`, fault)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		asked = asked || ask() == nil
		if text, err := os.ReadFile(receipts); asked && err == nil && strings.Contains(string(text), want) && strings.Contains(string(text), `"event":"start"`) {
			return
		}
	}
	t.Errorf("%s: no start receipt of %s", app, fault)
}

func TestContractExitCodes(t *testing.T) {
	table := section(t, contract(t), "## Exit codes")
	for _, code := range []int{bench.ExitOK, bench.ExitInternal, bench.ExitUsage, bench.ExitEnvironment,
		bench.ExitNothing, bench.ExitUnmeasured, bench.ExitCheckFailed, bench.ExitStrict} {
		if !strings.Contains(table, fmt.Sprintf("| %d |", code)) || !strings.Contains(exitHelp, strconv.Itoa(code)+" ") {
			t.Errorf("exit code %d is not told in the contract and in --help", code)
		}
	}
	if !strings.Contains(table, fmt.Sprintf("| %d, %d |", bench.ExitInterrupted, bench.ExitTerminated)) {
		t.Error("the codes of an interruption are not told")
	}
}

// Every planted flaw has a profile with its name, and some family must find it.
func TestFlawsHaveProfiles(t *testing.T) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reg.Lookup("reference")
	if err != nil {
		t.Fatal(err)
	}
	sound := map[string]bool{"default": true, "hardened": true, "equal8": true, "sheds-load": true}
	profiles := maps.Clone(sound)
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
		if !sound[f.Sound] {
			t.Errorf("family %s is to hold %q, which is no sound profile of the reference server", f.ID, f.Sound)
		}
		for _, flaw := range f.Planted() {
			if !profiles[flaw.Profile] || sound[flaw.Profile] {
				t.Errorf("family %s is to find %q, which is no flaw of the reference server", f.ID, flaw.Profile)
			}
		}
	}
}
