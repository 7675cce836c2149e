package place

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// logging writes lines to its stdout, opened anew, and then a file.
const logging = `import os
out = os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND)
for i in range(%d):
    os.write(out, b"%%099d\n" %% i)
open("done", "w").close()
`

// A server waits where nobody reads what it logs, and nothing of it is lost.
func TestLogPipe(t *testing.T) {
	openTemp(t)
	user, err := launch.Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	for _, released := range []bool{true, false} {
		scratch, err := launch.NewScratch(user)
		if err != nil {
			t.Fatal(err)
		}
		l, err := newServerLog(scratch.Dir)
		if err == nil {
			err = l.throughPipe()
		}
		if err != nil {
			t.Fatal(err)
		}
		release, err := l.block()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.block(); err == nil {
			t.Error("it is blocked twice")
		}
		const lines = 3 * logPipeBytes / 100 // the pipe and what benchrun has in its hands hold two thirds
		g, err := launch.Start(t.Context(), launch.Capabilities{Level: launch.Subreaper}, launch.Spec{
			Argv: []string{"/usr/bin/python3", "-c", fmt.Sprintf(logging, lines)}, Dir: scratch.Work, Output: l.theirs, User: user,
			Limits: bench.Limits{}, Scratch: scratch,
		})
		if err != nil {
			t.Fatal(err)
		}
		var unread int64
		eventually(t, "the pipe is full", func() bool {
			unread, err = l.pipe.unread()
			return err != nil || unread >= logPipeBytes-100
		})
		if err != nil || unread > 2*logPipeBytes {
			t.Errorf("%d bytes wait, %v, where the pipe is full", unread, err)
		}
		select {
		case <-g.Done():
			t.Fatalf("it ended with %v although nobody reads what it writes", g.Exit())
		case <-time.After(500 * time.Millisecond):
		}
		if released {
			release()
			<-g.Done()
			if release, err = l.block(); err != nil {
				t.Errorf("it cannot be blocked again: %v", err)
			} else {
				release()
			}
		}
		if err := g.Destroy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.drain(); err != nil {
			t.Fatal(err)
		}
		kept := filepath.Join(t.TempDir(), "kept.log")
		if err := l.keep(kept); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(string(b))
		for i, line := range got {
			if line != fmt.Sprintf("%099d", i) {
				t.Fatalf("line %d is %q", i, line)
			}
		}
		_, err = os.Stat(filepath.Join(scratch.Work, "done"))
		if done := err == nil; done != released || released && len(got) != lines || !released && (len(got) == 0 || len(got) >= lines) {
			t.Errorf("read again: %v; done: %v; %d of %d lines were kept", released, done, len(got), lines)
		}
		if err := l.close(); err != nil {
			t.Error(err)
		}
		if err := scratch.Remove(); err != nil {
			t.Error(err)
		}
	}
}

// The log can be blocked only where the family needs a pipe, and only then are there
// marks.
func TestBlockLog(t *testing.T) {
	host, target := appHost(t)
	for _, piped := range []bool{true, false} {
		journal := &Journal{}
		p, err := Open(t.Context(), host, target("honest"), Options{
			Clock: bench.NewClock(), Journal: journal, LogPath: filepath.Join(t.TempDir(), "log"), Needs: bench.Needs{PipedLog: piped},
		})
		if err != nil {
			t.Fatal(err)
		}
		release, err := p.BlockLog("f1")
		if err == nil {
			release()
		}
		marks := journal.Snapshot().Marks
		if (err == nil) != piped || piped != (len(marks) == 2 && marks[0].Name == bench.MarkSignal && marks[0].Note == "f1" && marks[1].Name == bench.MarkLogUnread) {
			t.Errorf("with a pipe: %v; %v, marks %+v", piped, err, marks)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A target that needs it has a folder of its own for temporary files, which can be full.
func TestFillTmp(t *testing.T) {
	host, target := appHost(t)
	if !host.Caps.Has(bench.HostOwnMounts) {
		t.Skip("this machine cannot mount for a server alone")
	}
	for _, own := range []bool{true, false} {
		journal := &Journal{}
		p, err := Open(t.Context(), host, target("honest"), Options{
			Clock: bench.NewClock(), Journal: journal, LogPath: filepath.Join(t.TempDir(), "log"), Needs: bench.Needs{OwnTmp: own},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, env, err := p.Command()
		if want := "TMPDIR=" + filepath.Join(p.scratch.Work, "tmp"); err != nil || slices.Contains(env, want) != own {
			t.Errorf("own: %v; the environment is %q, %v", own, env, err)
		}
		empty, err := p.FillTmp(t.Context())
		if (err == nil) != own {
			t.Errorf("own: %v; it is full: %v", own, err)
		}
		if err == nil {
			empty()
		}
		if doubts := besidesBusy(journal.Snapshot().Doubts); len(doubts) != 0 {
			t.Errorf("doubts %+v", doubts)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// What a target does not get back casts doubt on the record, unless benchrun has ended it.
func TestNotGivenBack(t *testing.T) {
	for _, ended := range []bool{false, true} {
		p := &Place{journal: &Journal{}}
		p.ended.Store(ended)
		p.orDoubt(func() error { return errors.New("it does not come back") })()
		p.orDoubt(func() error { return nil })()
		if doubts := p.journal.Snapshot().Doubts; (len(doubts) == 0) != ended || len(doubts) > 1 {
			t.Errorf("ended: %v; doubts %+v", ended, doubts)
		}
	}
}
