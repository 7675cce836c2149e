package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// table.go has the rules for output to the terminal.

// Progress prints to stderr what a run is doing, from the events that it hears. On a terminal it
// keeps a status line for each running cell, as many as fit, and one for the run if there are
// several. It rewrites them in place and removes them when the run is done. Finished attempts and
// notes scroll up above them. Elsewhere (a log, CI) it prints plain lines: one for each finished
// attempt, and one for a phase at most every quietFor.
//
// It ignores write errors, because progress must not make a run fail.
type Progress struct {
	w      io.Writer
	tty    bool
	width  int
	height int

	mu       sync.Mutex
	total    int
	cells    map[int]*cellLine // begun and not finished, by number
	cell     int               // the cell of the last event; 0 = none
	deadline time.Time         // when the run should be over; zero = unknown
	open     bench.Range       // what is open about that: counted from told; zero = nothing
	others   float64           // CPUs that other programs use; 0 = hardly any
	told     time.Time
	spoke    time.Time // when it last printed a plain line about a phase
	drawn    int       // status lines on the screen; the cursor is in the last one
	over     bool      // the run is done
	stop     chan struct{}
	ticker   sync.WaitGroup
}

// cellLine is what is shown of a running cell.
type cellLine struct {
	name   string
	phase  string        // "" = between two phases
	length time.Duration // of the phase; 0 = unknown
	atMost bool          // the length is a limit
	began  time.Time     // of the phase
	live   float64       // percent; NaN = none yet
	idle   bool          // an attempt has ended, and the next one may come later
}

const (
	// mostWhy is how many columns the cause of an invalid attempt gets; the table has all
	// of it.
	mostWhy = 400
	// quietFor is the shortest time between two plain lines about phases.
	quietFor = 5 * time.Second
	// tick is how often the status line updates by itself.
	tick = time.Second
	// How to draw a status line.
	firstColumn = "\r"
	up          = "\x1b[A"
	clearLine   = "\x1b[K" // clears from the cursor on
	clearBelow  = "\x1b[J" // the same, and all lines below
	// usualHeight is used if the terminal's height is unknown.
	usualHeight = 24
)

// NewProgress makes a Progress that writes to w. tty says that w is a terminal, width columns wide
// (0 = 80) and height lines high (0 = 24). On a terminal it keeps a goroutine between
// bench.RunBegun and bench.RunDone. After that it prints only notes and attempts.
func NewProgress(w io.Writer, tty bool, width, height int) *Progress {
	if width <= 0 {
		width = 80
	}
	if height <= 0 {
		height = usualHeight
	}
	if tty {
		w = console.Drawn(w)
	}
	return &Progress{w: w, tty: tty, width: width, height: height, cells: map[int]*cellLine{}}
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
		p.start(e)
	case bench.CellBegun:
		c := p.of(e.Cell)
		c.name, c.idle = clean(e.Name), false
		p.draw()
	case bench.PhaseBegun:
		p.phase(p.of(e.Cell), e)
	case bench.ServedSoFar:
		p.of(e.Cell).live = e.H
		p.draw()
	case bench.AttemptJudged:
		if !e.Kept {
			p.attempt(p.of(e.Cell), e)
		}
	case bench.CellConcluded:
		delete(p.cells, e.Cell)
	case bench.Noted:
		p.line(clean(e.Text))
	case bench.Remaining:
		p.remaining(e.Left, e.Open)
		p.others = e.Others
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

// done removes the status line and ends the goroutine.
func (p *Progress) done() {
	p.mu.Lock()
	p.write(p.clear())
	if p.stop != nil && !p.over {
		close(p.stop)
	}
	p.over = true
	p.mu.Unlock()
	p.ticker.Wait()
}

// The methods below must be called with mu held.

// of returns a running cell and makes it the one of the last event.
func (p *Progress) of(cell int) *cellLine {
	p.cell = cell
	if p.cells[cell] == nil {
		p.cells[cell] = &cellLine{live: math.NaN()}
	}
	return p.cells[cell]
}

// start prints how many cells there are, unless they are not counted, and how long all will take,
// if that is known.
func (p *Progress) start(e bench.RunBegun) {
	if p.over || p.stop != nil {
		return
	}
	p.total = e.Cells
	p.remaining(e.Estimate, e.Open)
	line := bench.Things(e.Cells, "cell", "cells")
	switch {
	case e.Open != (bench.Range{}) && e.IfQuiet == 0:
		line += ", " + aboutRange(e.Open)
	case e.Estimate > 0:
		line += ", " + about(e.Estimate)
	}
	if e.IfQuiet > 0 {
		line += " while other programs use as much CPU as now, " + about(e.IfQuiet) + " if the machine becomes quiet"
	}
	if p.total > 0 {
		p.line(line)
	}
	p.stop = make(chan struct{})
	if p.tty {
		p.ticker.Go(p.keepCounting)
	}
}

// phase shows that a phase begins and how long it will take (0 = unknown), at most or
// exactly.
func (p *Progress) phase(c *cellLine, e bench.PhaseBegun) {
	now := time.Now()
	c.phase, c.length, c.atMost, c.began, c.live, c.idle = clean(e.Phase), e.Length, e.AtMost, now, math.NaN(), false
	if !p.tty && !p.over && (p.spoke.IsZero() || now.Sub(p.spoke) >= quietFor) {
		p.spoke = now
		text := p.where(p.cell) + ": " + c.phase
		switch {
		case e.AtMost:
			text += fmt.Sprintf(", at most %.0f s", e.Length.Seconds())
		case e.Length > 0:
			text += fmt.Sprintf(", %.0f s", e.Length.Seconds())
		}
		p.line(text)
	}
	p.draw()
}

// attempt prints the result of an attempt as a line that stays. If the verdict claims nothing, it
// has no H, and the reason is given in a few words.
func (p *Progress) attempt(c *cellLine, e bench.AttemptJudged) {
	a := e.Attempt
	c.phase, c.live, c.idle = "", math.NaN(), true
	text := fmt.Sprintf("%s: %s", p.where(p.cell), Badge(a.Verdict))
	if a.H != nil && a.Verdict.Claims() {
		text += ", H " + Percent(*a.H)
	}
	text += whichAttempt(a.Attempt, e.Most)
	if e.Why != "" {
		text += ": " + shorten(clean(e.Why), mostWhy)
	}
	if e.Later {
		text += "; so again, later"
	}
	if e.Alone {
		text += "; " + besideWords(a.Company) + ", so again, alone, later"
	}
	if left := p.left(); !p.tty && left != "" {
		text += ", " + left
	}
	p.line(text)
}

// whichAttempt is, for example, " (attempt 1 of 2)", so that nobody takes the first for the
// result. most is how many there will be if no later one holds or is invalid, 0 = unknown. An
// only attempt has no number.
func whichAttempt(n, most int) string {
	switch {
	case most > n+1:
		return fmt.Sprintf(" (attempt %d of up to %d)", n, most)
	case most > 1:
		return fmt.Sprintf(" (attempt %d of %d)", n, most)
	case n > 1:
		return fmt.Sprintf(" (attempt %d)", n)
	}
	return ""
}

func (p *Progress) remaining(d time.Duration, open bench.Range) {
	p.told, p.deadline, p.open = time.Now(), time.Time{}, open
	if d > 0 {
		p.deadline = p.told.Add(d)
	}
}

// where is, for example, "[3/12] gunicorn 23.0.0 default, wedge-1pct".
func (p *Progress) where(cell int) string {
	name := p.cells[cell].name
	if p.total == 0 {
		return name
	}
	return fmt.Sprintf("[%d/%d] %s", cell, p.total, name)
}

// left is how long the run will still take, in words; "" = unknown.
func (p *Progress) left() string {
	since := time.Since(p.told)
	open := bench.Range{Least: p.open.Least - since, Most: p.open.Most - since}
	text := "longer than estimated"
	switch d := time.Until(p.deadline); {
	case p.deadline.IsZero():
		return ""
	case open.Most > 0:
		text = aboutRange(open) + " left"
	case d > 0:
		text = about(d) + " left"
	}
	if p.others > 0 {
		text += fmt.Sprintf(" (others use %.1f CPUs)", p.others)
	}
	return text
}

// line prints a line that stays, above the status lines.
func (p *Progress) line(text string) {
	p.write(p.clear() + text + "\n")
	p.draw()
}

// home moves the cursor to where the status lines begin.
func (p *Progress) home() string {
	if p.drawn == 0 {
		return ""
	}
	return firstColumn + strings.Repeat(up, p.drawn-1)
}

// clear removes the status lines.
func (p *Progress) clear() string {
	if p.drawn == 0 {
		return ""
	}
	text := p.home() + clearBelow
	p.drawn = 0
	return text
}

// draw rewrites the status lines.
func (p *Progress) draw() {
	if !p.tty || p.over {
		return
	}
	lines := p.status(p.width-1, p.height-1) // the last column stays free, because some terminals wrap when it is used
	if len(lines) == 0 {
		p.write(p.clear())
		return
	}
	text := p.home()
	if text == "" {
		text = firstColumn
	}
	p.write(text + strings.Join(lines, clearLine+"\n") + clearBelow)
	p.drawn = len(lines)
}

// status says what is going on, in at most height lines of at most width columns: a line for each
// running cell, by number, and, if there are several, a last line about all of them.
func (p *Progress) status(width, height int) []string {
	var cells []int
	for number, c := range p.cells {
		if !c.idle {
			cells = append(cells, number)
		}
	}
	slices.Sort(cells)
	height = max(height, 1)
	switch n := len(cells); {
	case n == 0:
		return nil
	case n == 1 || height == 1:
		cell := cells[0]
		if slices.Contains(cells, p.cell) {
			cell = p.cell
		}
		return []string{p.cellStatus(cell, width, p.left())}
	}
	lines := make([]string, 0, height)
	for _, cell := range cells[:min(len(cells), height-1)] {
		lines = append(lines, p.cellStatus(cell, width, ""))
	}
	all := fmt.Sprintf("%d cells at once", len(cells))
	if more := len(cells) - len(lines); more > 0 {
		all += fmt.Sprintf(", %d more than are shown", more)
	}
	if left := p.left(); left != "" {
		all += " · " + left
	}
	return append(lines, shorten(all, width))
}

// cellStatus says what is going on in a cell, in at most width columns, followed by more. If it is too
// long, it shortens the name of the cell first.
func (p *Progress) cellStatus(cell, width int, more string) string {
	var rest []string
	c := p.cells[cell]
	if c.phase != "" {
		text := c.phase
		switch spent := time.Since(c.began); {
		case c.atMost:
			text += fmt.Sprintf(" %.0f s, at most %.0f s", math.Floor(spent.Seconds()), c.length.Seconds())
		case c.length > 0 && spent < c.length+time.Second:
			text += fmt.Sprintf(" %.0f/%.0f s", math.Floor(min(spent, c.length).Seconds()), c.length.Seconds())
		case c.length > 0: // the phase lasts longer to make up for seconds that do not count
			text += fmt.Sprintf(" %.0f s of about %.0f s", math.Floor(spent.Seconds()), c.length.Seconds())
		default:
			text += fmt.Sprintf(" %.0f s", math.Floor(spent.Seconds()))
		}
		rest = append(rest, text)
	}
	if !math.IsNaN(c.live) {
		rest = append(rest, "H "+Percent(c.live))
	}
	if more != "" {
		rest = append(rest, more)
	}
	tail := ""
	if len(rest) > 0 {
		tail = "  " + strings.Join(rest, " · ")
	}
	return shorten(shorten(p.where(cell), max(width-columns(tail), 16))+tail, width)
}

func (p *Progress) write(s string) {
	if s != "" {
		_, _ = io.WriteString(p.w, s)
	}
}
