package bench

import "time"

// Span is a time that is expected.
type Span struct {
	Likely      time.Duration // the best guess
	Least, Most time.Duration // what it may come to
}

// Exactly is a time that is known: its range has no width.
func Exactly(d time.Duration) Span { return Span{d, d, d} }

// Plus is a time that is longer by d.
func (s Span) Plus(d time.Duration) Span { return Span{s.Likely + d, s.Least + d, s.Most + d} }

// And is one after the other.
func (s Span) And(o Span) Span { return Span{s.Likely + o.Likely, s.Least + o.Least, s.Most + o.Most} }

// Times is so many times as long.
func (s Span) Times(n float64) Span {
	times := func(d time.Duration) time.Duration { return time.Duration(n * float64(d)) }
	return Span{times(s.Likely), times(s.Least), times(s.Most)}
}

// Range is what an expected time may come to. The zero value says that nothing is open.
type Range struct{ Least, Most time.Duration }

// notable is the least width of a range that is worth saying: nobody minds less.
const notable = 10 * time.Second

// Open is the span's range if it is worth saying: if it is wider than a fifth of the best guess.
func (s Span) Open() Range {
	if width := s.Most - s.Least; width > notable && width > s.Likely/5 {
		return Range{s.Least, s.Most}
	}
	return Range{}
}
