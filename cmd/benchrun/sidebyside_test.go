package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Two benchruns begin at the same time on one machine, with the same temporary folder and an
// empty cache. One installs the server and one measures its probe while the other waits.
// Neither takes the other's port or removes its folder. Each measures all of its cells, and
// nothing is left of either.
func TestMeasuredTwoBenchrunsSideBySide(t *testing.T) {
	t.Parallel()
	tmp, cache := shortTempDir(t), shortTempDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	type one struct {
		run            bench.Run
		out            string
		stdout, stderr bytes.Buffer
		ended          chan error
	}
	runs := make([]*one, 2)
	for i := range runs {
		r := &one{out: t.TempDir(), ended: make(chan error, 1)}
		cmd := benchrunCommand(ctx, t, "--server", "waitress", "--profile", "default", "--scenario", "segfault,wedge",
			"--attempts", "1", "--seed", fmt.Sprint(i+1), "--out", r.out, "--json", "-")
		cmd.Env = append(cmd.Env, "TMPDIR="+tmp, targets.CacheVariable+"="+cache)
		cmd.Stdout, cmd.Stderr = &r.stdout, &r.stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { r.ended <- cmd.Wait() }()
		runs[i] = r
	}
	for i, r := range runs {
		if err := <-r.ended; err != nil { // its exit code depends on how quiet the host is
			t.Log(err)
		}
		if err := json.Unmarshal(r.stdout.Bytes(), &r.run); err != nil {
			t.Fatalf("run %d: %v\n%s", i, err, r.stderr.String())
		}
	}
	said := runs[0].stderr.String() + runs[1].stderr.String()
	if n := strings.Count(said, "installing waitress"); n != 1 {
		t.Errorf("waitress was installed %d times:\n%s", n, said)
	}
	if !strings.Contains(said, "waiting for another benchrun that installs waitress") {
		t.Errorf("nobody waited for the installation:\n%s", said)
	}
	probes, files := 0, 0
	ports := map[string]int{}
	for i, r := range runs {
		logs, err := filepath.Glob(filepath.Join(r.out, "*", "logs", "*-probe-*"))
		if err != nil {
			t.Fatal(err)
		}
		probes += min(len(logs), 1)
		if len(r.run.Cells) != 2 {
			t.Fatalf("run %d has %d cells\n%s", i, len(r.run.Cells), r.stderr.String())
		}
		for _, c := range r.run.Cells {
			if c.Verdict == bench.Broken || c.Verdict == bench.Held || len(c.Attempts) == 0 {
				t.Errorf("run %d: %s is %s after %d attempts: %v", i, c.Name(), c.Verdict, len(c.Attempts), c.Reasons)
			}
			port := regexp.MustCompile(`\b2\d{4}\b|\b3[012]\d{3}\b`).FindString(strings.Join(c.Command, " "))
			if was, taken := ports[port]; taken && was != i {
				t.Errorf("both runs used port %s", port)
			}
			ports[port] = i
		}
	}
	kept, err := filepath.Glob(filepath.Join(cache, "probes", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if strings.HasSuffix(file, ".json") {
			files++
			if b, err := os.ReadFile(file); err != nil || !json.Valid(b) {
				t.Errorf("%s: %v %q", file, err, b)
			}
		} else if !strings.HasSuffix(file, ".lock") {
			t.Errorf("left in the cache: %s", file)
		}
	}
	if probes != 1 || files != 1 {
		t.Errorf("%d benchruns measured the probe and %d are kept, want one\n%s", probes, files, said)
	}
	nothingLeft(t, leaveTime, tmp, scratchIDs(t, tmp))
}
