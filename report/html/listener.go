package html

import (
	"io"
	"sync"

	"benchrun/internal/bench"
)

// Listener collects the story of each attempt during a run, and writes report.html when the run
// is done.
type Listener struct {
	// Write writes the file.
	Write func(fill func(io.Writer) error) error
	// Log returns an attempt's log, or the end of one that is large.
	Log     func(rel string) string
	Options Options

	mu      sync.Mutex
	stories map[string]Story // by record
	err     error
}

// Hear is a bench.Listener.
func (l *Listener) Hear(e bench.Event) {
	switch e := e.(type) {
	case bench.AttemptJudged:
		story := NewStory(e.Of, e.Record, e.Timeline, l.Log(e.Attempt.Log))
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.stories == nil {
			l.stories = map[string]Story{}
		}
		l.stories[e.Attempt.Record] = story
	case bench.RunDone:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.err = l.Write(func(w io.Writer) error { return Write(w, e.Run, l.published(e.Run), l.Options) })
	}
}

// Err says why the page could not be written.
func (l *Listener) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// published returns the story of each cell's published attempt.
func (l *Listener) published(run bench.Run) (out []Story) {
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			if s, ok := l.stories[a.Record]; ok && a.Published {
				out = append(out, s)
			}
		}
	}
	return out
}
