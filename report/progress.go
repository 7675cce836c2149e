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

// Progress tells on stderr what a run is doing, by the events that it hears. On a
// terminal it keeps one status line, of the cell that was heard of last, rewritten in
// place and gone when the run is done; finished attempts and notes scroll away above
// it. Elsewhere (a log, CI) it prints plain lines: one per finished attempt, and
// phases at most every quietFor.
//
// What w refuses is lost in silence: progress is worth no failure.
type Progress struct {
	w     io.Writer
	tty   bool
	width int

	mu       sync.Mutex
	total    int
	cells    map[int]*cellLine // under way, by number
	cell     int               // the one that was heard of last; 0 = none
	deadline time.Time         // when the run should be over; zero = not known
	spoke    time.Time         // the last plain line about a phase
	drawn    bool              // a status line is on the screen
	over     bool              // the run is done
	stop     chan struct{}
	ticker   sync.WaitGroup
}

// cellLine is what is shown of a cell under way.
type cellLine struct {
	name   string
	phase  string        // "" = between two
	length time.Duration // of the phase; 0 = not known
	began  time.Time     // of the phase
	live   float64       // percent; NaN = none yet
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
// width columns wide (0 = 80). Between
// bench.RunBegun and bench.RunDone it keeps a goroutine on a terminal; after that
// notes and attempts still print, and nothing else does.
func NewProgress(w io.Writer, tty bool, width int) *Progress {
	if width <= 0 {
		width = 80
	}
	if tty {
		w = console.Drawn(w)
	}
	return &Progress{w: w, tty: tty, width: width, cells: map[int]*cellLine{}}
}

// Hear is a bench.Listener.
func (p *Progress) Hear(e bench.Event) {
	if _, ok := e.(bench.RunDone); ok {
		p.done()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case bench.RunBegun:
		p.start(e.Cells, e.Estimate)
	case bench.CellBegun:
		p.of(e.Cell).name = clean(e.Name)
		p.draw()
	case bench.PhaseBegun:
		p.phase(p.of(e.Cell), e.Phase, e.Length)
	case bench.ServedSoFar:
		p.of(e.Cell).live = e.H
		p.draw()
	case bench.AttemptJudged:
		if !e.Kept {
			p.attempt(p.of(e.Cell), e.Attempt, e.Why)
		}
	case bench.CellConcluded:
		delete(p.cells, e.Cell)
	case bench.Noted:
		p.line(clean(e.Text))
	case bench.Remaining:
		p.remaining(e.Left)
		p.draw()
	}
}

// Note prints a line that stays.
func (p *Progress) Note(text string) { p.Hear(bench.Noted{Text: text}) }

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

// done takes the status line away and ends the goroutine.
func (p *Progress) done() {
	p.mu.Lock()
	if p.drawn {
		p.write(clearLine)
		p.drawn = false
	}
	if p.stop != nil && !p.over {
		close(p.stop)
	}
	p.over = true
	p.mu.Unlock()
	p.ticker.Wait()
}

// What follows is called with mu held.

// of is a cell under way, which is now the one that was heard of last.
func (p *Progress) of(cell int) *cellLine {
	p.cell = cell
	if p.cells[cell] == nil {
		p.cells[cell] = &cellLine{live: math.NaN()}
	}
	return p.cells[cell]
}

// start says how many cells there are (0 = they are not counted, and nothing is
// printed) and how long all will take (0 = not known).
func (p *Progress) start(total int, estimate time.Duration) {
	if p.over || p.stop != nil {
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

// phase says that a phase begins and how long it will take (0 = not known).
func (p *Progress) phase(c *cellLine, phase string, length time.Duration) {
	now := time.Now()
	c.phase, c.length, c.began, c.live = clean(phase), length, now, math.NaN()
	if !p.tty && !p.over && (p.spoke.IsZero() || now.Sub(p.spoke) >= quietFor) {
		p.spoke = now
		text := p.where() + ": " + c.phase
		if length > 0 {
			text += fmt.Sprintf(", %.0f s", length.Seconds())
		}
		p.line(text)
	}
	p.draw()
}

// attempt says what an attempt came to; H is left out where nothing is claimed, and
// why then says why in a few words. It is a line that stays.
func (p *Progress) attempt(c *cellLine, a bench.Attempt, why string) {
	c.phase, c.live = "", math.NaN()
	text := fmt.Sprintf("%s: %s", p.where(), Badge(a.Verdict))
	if a.H != nil && a.Verdict.Claims() {
		text += ", H " + Percent(*a.H)
	}
	if a.Attempt > 1 {
		text += fmt.Sprintf(" (attempt %d)", a.Attempt)
	}
	if why != "" {
		text += ": " + shorten(clean(why), mostWhy)
	}
	if left := p.left(); !p.tty && left != "" {
		text += ", " + left
	}
	p.line(text)
}

func (p *Progress) remaining(d time.Duration) {
	p.deadline = time.Time{}
	if d > 0 {
		p.deadline = time.Now().Add(d)
	}
}

// where is "[3/12] gunicorn 23.0.0 default, wedge-1pct".
func (p *Progress) where() string {
	name := p.cells[p.cell].name
	if p.total == 0 {
		return name
	}
	return fmt.Sprintf("[%d/%d] %s", p.cell, p.total, name)
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
	if p.drawn {
		text = clearLine + text
		p.drawn = false
	}
	p.write(text + "\n")
	p.draw()
}

// draw rewrites the status line.
func (p *Progress) draw() {
	if !p.tty || p.over || p.cells[p.cell] == nil {
		return
	}
	// The last column stays free: some terminals wrap when it is written to.
	p.write("\r" + p.status(p.width-1) + "\x1b[K")
	p.drawn = true
}

// status is what is going on, in at most width columns. If it is too long, the
// name of the cell gives way first.
func (p *Progress) status(width int) string {
	var rest []string
	c := p.cells[p.cell]
	if c.phase != "" {
		text := c.phase
		if spent := time.Since(c.began); c.length > 0 && spent < c.length+time.Second {
			text += fmt.Sprintf(" %.0f/%.0f s", math.Floor(min(spent, c.length).Seconds()), c.length.Seconds())
		} else if c.length > 0 { // seconds that do not count are made up for
			text += fmt.Sprintf(" %.0f s of about %.0f s", math.Floor(spent.Seconds()), c.length.Seconds())
		} else {
			text += fmt.Sprintf(" %.0f s", math.Floor(spent.Seconds()))
		}
		rest = append(rest, text)
	}
	if !math.IsNaN(c.live) {
		rest = append(rest, "H "+Percent(c.live))
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
