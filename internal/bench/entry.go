package bench

// Entry is one line of a record that is seen while an attempt is under way: a
// Sample, a Vital, a ProcEvent, a Receipt, a Mark or a Doubt.
type Entry interface{ entry() }

func (Sample) entry()    {}
func (Vital) entry()     {}
func (ProcEvent) entry() {}
func (Receipt) entry()   {}
func (Mark) entry()      {}
func (Doubt) entry()     {}
