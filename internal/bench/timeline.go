package bench

// Timeline is an attempt as the judge cuts it. What is drawn of an attempt is
// read from here: it shows what the verdict rests on, and works nothing out
// again. Times are ns since origin.
type Timeline struct {
	// Zero is when the faults began; where they never did the baseline, or the
	// launch.
	Zero int64
	// From is when the baseline began, To the end of the record.
	From, To int64
	// Watched is when the watch ended, at the shutdown. What the server does
	// after SIGTERM proves nothing about it.
	Watched int64
	// Phases are in order, each until the next one begins. The boot is not a phase.
	Phases []Phase
	// Bins are the seconds in which victims were due, counted from Zero. The
	// first and the last may be shorter than a second.
	Bins []Bin
}

// Phase is a stretch of an attempt, named by the mark that begins it.
type Phase struct {
	Name     MarkName
	From, To int64
}

// Bin is one second of an attempt: the unit that counts, or does not.
type Bin struct {
	From, To  int64 // ns since origin, half-open
	Scheduled int   // victims that were due, whether or not they were sent
	OK        int   // of these, served right and in time
	// Lost counts the others by outcome; nil when there are none.
	Lost map[Outcome]int
	// Offered is how many requests of a surge were due, and Good how many right answers
	// in time came to such requests.
	Offered, Good int
	// Waited is the median time that such requests waited before the app began them, of
	// those that were due in the bin and ever began; seconds. 0 = none began.
	Waited float64
	Valid  bool
	Why    string // what makes the bin invalid, in it or in a second beside it; "" when it is valid
}

// Missed is the number of victims that were not served.
func (b Bin) Missed() int { return b.Scheduled - b.OK }
