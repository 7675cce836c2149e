package results

import (
	"fmt"
	"math"
)

// Samples, vital signs and receipts are stored as columns: one line has many of them, and for
// each of their members a list with one entry for each row. A column that is absent is 0, ""
// or false in every row. There are three kinds of columns. Sums and differences wrap around
// at 64 bits, so that any number comes back as it was.

// steps is a column of numbers that change little from row to row: the first one, and then
// the differences.
type steps struct {
	First int64   `json:"first,omitempty"`
	Unit  int64   `json:"unit,omitempty"` // of the differences; 0 = 1
	Steps []int64 `json:"steps"`          // for each row but the first
}

// stepsOf makes the column of rows numbers.
func stepsOf(rows int, at func(int) int64) *steps {
	c, same := &steps{First: at(0), Steps: make([]int64, rows-1)}, at(0) == 0
	for i := range c.Steps {
		c.Steps[i] = at(i+1) - at(i)
		same = same && c.Steps[i] == 0
	}
	if same {
		return nil
	}
	var unit uint64
	for _, n := range c.Steps {
		unit = divisor(unit, n)
	}
	if c.Unit = chosen(unit); c.Unit > 0 {
		for i := range c.Steps {
			c.Steps[i] /= c.Unit
		}
	}
	return c
}

// each gives the rows their numbers.
func (c *steps) each(rows int, set func(i int, n int64)) error {
	if c == nil {
		return nil
	}
	if len(c.Steps) != rows-1 {
		return fmt.Errorf("%d steps between %d rows", len(c.Steps), rows)
	}
	if c.Unit < 0 {
		return fmt.Errorf("unit %d", c.Unit)
	}
	n, unit := c.First, max(1, c.Unit)
	set(0, n)
	for i, step := range c.Steps {
		n += step * unit
		set(i+1, n)
	}
	return nil
}

// offsets is a column of times that are counted from another one of the same row.
type offsets struct {
	Unit int64    `json:"unit,omitempty"` // 0 = 1
	From []*int64 `json:"from"`           // nil: the time is 0, which means never
}

// offsetsOf makes the column of rows times.
func offsetsOf(rows int, at func(int) (n, from int64)) *offsets {
	c, never := &offsets{From: make([]*int64, rows)}, true
	var unit uint64
	for i := range c.From {
		n, from := at(i)
		if n == 0 {
			continue
		}
		d := n - from
		c.From[i], never, unit = &d, false, divisor(unit, d)
	}
	if never {
		return nil
	}
	if c.Unit = chosen(unit); c.Unit > 0 {
		for _, d := range c.From {
			if d != nil {
				*d /= c.Unit
			}
		}
	}
	return c
}

// each gives the rows their times.
func (c *offsets) each(rows int, set func(i int, offset int64)) error {
	if c == nil {
		return nil
	}
	if len(c.From) != rows {
		return fmt.Errorf("%d entries for %d rows", len(c.From), rows)
	}
	if c.Unit < 0 {
		return fmt.Errorf("unit %d", c.Unit)
	}
	for i, d := range c.From {
		if d != nil {
			set(i, *d*max(1, c.Unit))
		}
	}
	return nil
}

// divisor is the greatest that unit and n have in common.
func divisor(unit uint64, n int64) uint64 {
	a, b := unit, uint64(n) //nolint:gosec // the magnitude, also of the least number
	if n < 0 {
		b = -b
	}
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// chosen is a unit as it is stored.
func chosen(unit uint64) int64 {
	if unit < 2 || unit > math.MaxInt64 {
		return 0
	}
	return int64(unit)
}

// words is a column of values that repeat.
type words[T comparable] struct {
	Words []T   `json:"words"`
	Rows  []int `json:"rows,omitempty"` // for each row a position in Words; nil = 0 in each
}

// wordsOf makes the column of rows values.
func wordsOf[T comparable](rows int, at func(int) T) *words[T] {
	c, places := &words[T]{Rows: make([]int, rows)}, map[T]int{}
	for i := range c.Rows {
		v := at(i)
		place, known := places[v]
		if !known {
			place = len(c.Words)
			places[v], c.Words = place, append(c.Words, v)
		}
		c.Rows[i] = place
	}
	if len(c.Words) > 1 {
		return c
	}
	var zero T
	if c.Rows = nil; c.Words[0] == zero {
		return nil
	}
	return c
}

// each gives the rows their values.
func (c *words[T]) each(rows int, set func(i int, v T)) error {
	if c == nil {
		return nil
	}
	if c.Rows == nil && len(c.Words) != 1 {
		return fmt.Errorf("%d words and no rows", len(c.Words))
	}
	if c.Rows != nil && len(c.Rows) != rows {
		return fmt.Errorf("%d entries for %d rows", len(c.Rows), rows)
	}
	for i := range rows {
		place := 0
		if c.Rows != nil {
			place = c.Rows[i]
		}
		if place < 0 || place >= len(c.Words) {
			return fmt.Errorf("row %d: word %d of %d", i+1, place, len(c.Words))
		}
		set(i, c.Words[place])
	}
	return nil
}
