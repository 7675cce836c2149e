package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// The rules of the terminal stand in table.go.

// Progress tells on stderr what a run is doing. On a terminal it keeps one
// status line, rewritten in place and gone after Done; finished attempts and
// notes scroll away above it. Elsewhere (a log, CI) it prints plain lines: one
// per finished attempt, and phases at most every quietFor.
//
// Its methods may be called from several goroutines. What w refuses is lost in
// silence: progress is worth no failure.
type Progress struct {
	w     io.Writer
	tty   bool
	width int

	mu       sync.Mutex
	total    int
	cell     int
	name     string
	phase    string
	length   time.Duration // of the phase; 0 = not known
	began    time.Time     // of the phase
	live     float64       // percent; NaN = none yet
	deadline time.Time     // when the run should be over; zero = not known
	spoke    time.Time     // the last plain line about a phase
	shown    bool          // a status line is on the screen
	done     bool
	stop     chan struct{}
	ticker   sync.WaitGroup
}

const (
	// mostWhy is how many columns the cause of an invalid attempt gets: the table
	// has all of it.
	mostWhy = 400
	// quietFor is the least time between two plain lines about phases.
	quietFor = 5 * time.Second
	// tick is how often the status line counts on by itself.
	tick = time.Second
	// clearLine goes to the first column and clears to the end of the line.
	clearLine = "\r\x1b[K"
)

// NewProgress makes a Progress that writes to w. tty says that w is a terminal,
// width columns wide (0 = 80). Nothing is printed before Start.
func NewProgress(w io.Writer, tty bool, width int) *Progress {
	if width <= 0 {
		width = 80
	}
	if tty {
		w = console.Drawn(w)
	}
	return &Progress{w: w, tty: tty, width: width, live: math.NaN()}
}

// Start says how many cells there are (0 = they are not counted, and nothing is
// printed) and how long all will take (0 = not known). Done must follow: on a
// terminal it starts a goroutine.
func (p *Progress) Start(total int, estimate time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done || p.stop != nil {
		return
	}
	p.total = total
	p.remaining(estimate)
	line := fmt.Sprintf("%d cells", total)
	if total == 1 {
		line = "1 cell"
	}
	if estimate > 0 {
		line += ", " + about(estimate)
	}
	if total > 0 {
		p.line(line)
	}
	p.stop = make(chan struct{})
	if p.tty {
		p.ticker.Go(p.keepCounting)
	}
}

func (p *Progress) keepCounting() {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// Cell says that cell i (from 1) begins.
func (p *Progress) Cell(i int, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cell, p.name, p.phase, p.live = i, clean(name), "", math.NaN()
	p.draw()
}

// Phase says that a phase begins and how long it will take (0 = not known).
func (p *Progress) Phase(phase string, length time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.phase, p.length, p.began, p.live = clean(phase), length, now, math.NaN()
	if !p.tty && !p.done && (p.spoke.IsZero() || now.Sub(p.spoke) >= quietFor) {
		p.spoke = now
		text := p.where() + ": " + p.phase
		if length > 0 {
			text += fmt.Sprintf(", %.0f s", length.Seconds())
		}
		p.line(text)
	}
	p.draw()
}

// Live says what H, in percent, stands at.
func (p *Progress) Live(h float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = h
	p.draw()
}

// Attempt says what attempt n of the cell came to; h, which may be nil, is
// left out where nothing is claimed, and why then says why in a few words. It is
// a line that stays.
func (p *Progress) Attempt(n int, verdict bench.Verdict, h *float64, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.live = "", math.NaN()
	text := fmt.Sprintf("%s: %s", p.where(), Badge(verdict))
	if h != nil && verdict.Claims() {
		text += ", H " + Percent(*h)
	}
	if n > 1 {
		text += fmt.Sprintf(" (attempt %d)", n)
	}
	if why != "" {
		text += ": " + shorten(clean(why), mostWhy)
	}
	if left := p.left(); !p.tty && left != "" {
		text += ", " + left
	}
	p.line(text)
}

// Note prints a line that stays.
func (p *Progress) Note(msg string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(clean(msg))
}

// Remaining says how long the rest of the run will take from now on (0 = not
// known). The status line counts down from it.
func (p *Progress) Remaining(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remaining(d)
	p.draw()
}

// Done takes the status line away and ends the goroutine. After it, notes and
// attempts still print; nothing else does.
func (p *Progress) Done() {
	p.mu.Lock()
	if p.shown {
		p.write(clearLine)
		p.shown = false
	}
	if p.stop != nil && !p.done {
		close(p.stop)
	}
	p.done = true
	p.mu.Unlock()
	p.ticker.Wait()
}

// What follows is called with mu held.

func (p *Progress) remaining(d time.Duration) {
	p.deadline = time.Time{}
	if d > 0 {
		p.deadline = time.Now().Add(d)
	}
}

// where is "[3/12] gunicorn 23.0.0 default, wedge-1pct".
func (p *Progress) where() string {
	if p.total == 0 {
		return p.name
	}
	return fmt.Sprintf("[%d/%d] %s", p.cell, p.total, p.name)
}

// left is how long the run will still take, in words; "" = not known.
func (p *Progress) left() string {
	if p.deadline.IsZero() {
		return ""
	}
	if d := time.Until(p.deadline); d > 0 {
		return about(d) + " left"
	}
	return "longer than estimated"
}

// line prints a line that stays, above the status line.
func (p *Progress) line(text string) {
	if p.shown {
		text = clearLine + text
		p.shown = false
	}
	p.write(text + "\n")
	p.draw()
}

// draw rewrites the status line.
func (p *Progress) draw() {
	if !p.tty || p.done || p.cell == 0 {
		return
	}
	// The last column stays free: some terminals wrap when it is written to.
	p.write("\r" + p.status(p.width-1) + "\x1b[K")
	p.shown = true
}

// status is what is going on, in at most width columns. If it is too long, the
// name of the cell gives way first.
func (p *Progress) status(width int) string {
	var rest []string
	if p.phase != "" {
		text := p.phase
		if spent := time.Since(p.began); p.length > 0 && spent < p.length+time.Second {
			text += fmt.Sprintf(" %.0f/%.0f s", math.Floor(min(spent, p.length).Seconds()), p.length.Seconds())
		} else if p.length > 0 { // seconds that do not count are made up for
			text += fmt.Sprintf(" %.0f s, %.0f foreseen", math.Floor(spent.Seconds()), p.length.Seconds())
		} else {
			text += fmt.Sprintf(" %.0f s", math.Floor(spent.Seconds()))
		}
		rest = append(rest, text)
	}
	if !math.IsNaN(p.live) {
		rest = append(rest, "H "+Percent(p.live))
	}
	if left := p.left(); left != "" {
		rest = append(rest, left)
	}
	tail := ""
	if len(rest) > 0 {
		tail = "  " + strings.Join(rest, " · ")
	}
	return shorten(shorten(p.where(), max(width-columns(tail), 16))+tail, width)
}

func (p *Progress) write(s string) { _, _ = io.WriteString(p.w, s) }
