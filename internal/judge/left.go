package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// left is what the process tree keeps of n clients that are gone.
type left struct {
	due              bool // the verdict depends on it
	known            bool
	n                int     // clients that had connected
	few              int     // those that may be the only ones of whom anything stays: a text's, or all
	pool             int     // how many requests the server runs at once, as far as known
	procs            int     // in the tree, before any fault
	fdsOfProcs       int     // descriptors that the processes have which are more than before
	carries          int64   // bytes, as Traits.Carries
	fds, threads     float64 // for each of them
	memory           float64 // the same, bytes
	closeWait, files float64 // the same
	cpus             float64 // in use beyond those before any fault
	inAll, later     levels  // what stays in all, beyond what ordinary load adds; and of it, since the middle of the fault phase
	lately           levels  // what was added since the last third of the fault phase began
}

// The least that counts as kept. A pool that grew under the fault and stays is none: it
// has an end.
const (
	leftCount       = 0.25     // descriptors, sockets, files or threads for each client
	leftOfFew       = 0.75     // the same, of the clients that sent one text of many
	leftMemory      = 1 << 20  // bytes for each client
	leftMemoryLeast = 24 << 20 // bytes in all: caches and heaps grow by some
	leftCPUs        = 0.5      // a busy loop takes a whole one, if the quota lets it
	leftLeast       = 4        // clients, of whom a quarter is a whole descriptor
	leftLately      = 0.1      // of all that stays, that the last third of the clients left
)

// Less than that for each client is too much if there is much of it in all, and it goes on
// growing: what a server takes once, for a pool or a cache, it takes with the first clients.
const (
	pileCount      = 16       // descriptors in all
	pileEach       = 0.1      // of these for each client
	pileMemory     = 24 << 20 // bytes in all
	pileMemoryEach = 64 << 10 // of these for each client
	pileLater      = 0.25     // of all that comes after the middle of the fault phase
)

// whatIsLeft compares the end of the recovery, when the clients have been gone for
// some time, with the end of the baseline. Both are under the same ordinary load.
func (f *facts) whatIsLeft() left {
	v := f.v
	l, due := left{}, 0
	for _, p := range f.parts {
		if !p.head.Traits.Vanishes {
			continue
		}
		for _, s := range slices.Concat(p.ageing, within(p.provokers, v.fault)) {
			if due++; s.Sent > 0 && s.Outcome != bench.NoConnect && s.Outcome != bench.Unsent {
				l.n++
			}
		}
		l.carries = max(l.carries, p.head.Traits.Carries)
	}
	l.few, l.pool = min(l.n, v.fewestOfAText()), f.pool()
	// A ratio may mean too few clients to tell what stays of them.
	if l.due = due >= leftLeast; !l.due || !f.toldApart(float64(l.n)*leftCount) {
		return left{}
	}
	if v.fault.empty() {
		return l
	}
	recovery := v.bins(v.recovery.from, v.recovery.to)
	first, last := span{v.baseline.to - levelSpan, v.baseline.to}, span{v.recovery.to - levelSpan, v.recovery.to}
	before, ok0 := v.level(first, f.baseBins)
	after, ok1 := v.level(last, recovery)
	cpu0, ok2 := v.cpus(first)
	cpu1, ok3 := v.cpus(last)
	if l.n < leftLeast || last.from < v.recovery.from || !ok0 || !ok1 || !ok2 || !ok3 {
		return l
	}
	length := v.fault.to - v.fault.from
	till, ok4 := v.highest(span{v.fault.from + length/3, v.fault.to - length/3}, f.bins)
	end, ok5 := v.levelBefore(v.fault.to, v.fault.to-length/6, f.bins)
	l.known = true
	for i := range end {
		// What clients leave may come while they are there, or when they go.
		if l.lately[i] = max(end[i], after[i]) - till[i]; !ok4 || !ok5 {
			l.lately[i] = math.Inf(1)
		}
	}
	each := func(i int) float64 { return (after[i] - before[i]) / float64(l.n) }
	l.fds, l.threads, l.memory, l.closeWait, l.files = each(0), each(1), each(2), each(3), each(4)
	l.fdsOfProcs = int(math.Ceil(max(0, after[5]-before[5]) * before[0] / max(1, before[5])))
	l.cpus, l.procs = cpu1-cpu0, int(before[5])
	l.pile(v, f.baseBins, f.bins, recovery, before, after)
	if f.mixed() {
		switch f.leaked().Of { // what leaked has a rule of its own
		case bench.ResourceMemory:
			l.memory = 0
		case bench.ResourceFDs:
			l.fds, l.files = 0, 0
		case bench.ResourceThreads, bench.ResourceProcesses: // each of them has some of everything
			l.fds, l.threads, l.memory, l.files = 0, 0, 0, 0
		}
		l.inAll = levels{} // the other parts make more noise
	}
	if !ok4 || !ok5 { // whether it piled up cannot be told
		l.known = l.words() == ""
	}
	return l
}

// pile fills in what stays in all, if the middle of the fault phase can be compared. A tree of
// more processes than before has some of everything for them, and each thread more that stays
// may have some memory of its own.
func (l *left) pile(v *view, base, fault, recovery []bench.Bin, before, after levels) {
	began, ok0 := v.level(span{v.baseline.from, v.baseline.from + levelSpan}, base)
	half := v.fault.from + (v.fault.to-v.fault.from)/2
	middle, ok1 := v.level(span{half - levelSpan/2, half + levelSpan/2}, fault)
	if !ok0 || !ok1 || after[5] > before[5] || v.baseline.to-v.baseline.from <= levelSpan {
		return
	}
	settling, ok := v.level(span{v.recovery.to - 2*levelSpan, v.recovery.to - levelSpan}, recovery)
	if !ok { // then only the baseline tells
		settling = levels{}
	}
	times := float64(v.recovery.to-v.baseline.to) / float64(v.baseline.to-v.baseline.from-levelSpan)
	for i := range after {
		usual := max(0, min(before[i]-began[i], after[i]-settling[i])) * times
		l.inAll[i], l.later[i] = after[i]-before[i]-usual, after[i]-middle[i]
	}
	l.inAll[2] -= leftMemory * max(0, after[1]-before[1])
}

// piled says that so much of something stays in all, so much of it for each client, and that the
// later clients left their share.
func (l left) piled(of int, inAll, each float64) bool {
	return l.inAll[of] >= inAll && l.inAll[of] >= each*float64(l.n) && l.later[of] >= pileLater*l.inAll[of]
}

// fewestOfAText is how many clients sent the text that fewest sent: what a server keeps of one
// text alone must show. Without texts there is no such number.
func (v *view) fewestOfAText() int {
	if len(v.head.Parts) > 0 { // the other parts make more noise
		return math.MaxInt
	}
	n := map[string]int{}
	for _, s := range within(v.provokers, v.fault) {
		if s.Text != "" && s.Sent > 0 && s.Outcome != bench.NoConnect && s.Outcome != bench.Unsent {
			n[s.Text]++
		}
	}
	fewest := math.MaxInt
	for _, sent := range n {
		fewest = min(fewest, sent)
	}
	return fewest
}

// pool is how many requests the server runs at once: as probed, as documented, or one in
// each worker.
func (f *facts) pool() int {
	t := f.v.head.Target
	n := max(t.Workers, t.Claims.Slots)
	if !t.Probe.Unbounded {
		n = max(n, t.Probe.Slots)
	}
	return n
}

// manyOf says that so much of something for each client is more than what may stay, and that
// the last clients left their share: a pool that grew for many clients, with whole processes
// perhaps, stops growing. beside is what a pool may have taken of it under the fault, and the
// runtime of each process.
func (l left) manyOf(of int, each float64, beside int) bool {
	kept, least := math.Round(each*float64(l.n)), leftCount*float64(l.n)
	if l.lately[of] < leftLately*kept {
		return false
	}
	if l.few < l.n {
		least = max(leftOfFew*float64(l.few), leftCount*leftLeast)
	}
	return kept >= least && kept > float64(beside)
}

// muchMemory is manyOf of memory. Where a request carries much, half of that for each
// client is too much; but each thread or worker may keep room for two such requests.
func (l left) muchMemory() bool {
	least := float64(leftMemory)
	if l.carries > 0 {
		least = min(least, float64(l.carries)/2)
	}
	kept := math.Round(l.memory * float64(l.n))
	carried := 2 * float64(l.carries) * float64(l.pool)
	return l.lately[2] >= leftLately*kept && l.memory >= least && kept >= leftMemoryLeast && kept > carried || l.piled(2, carried+pileMemory, pileMemoryEach)
}

// toldApart says that so many descriptors or threads that stay can be told from what the
// parts of a mix leave that hold slots. A pool grows by up to all of its slots when other faults hold them, and a slot that
// is still held keeps what it needs.
func (f *facts) toldApart(n float64) bool {
	p := f.v.head.Target.Probe
	for _, part := range f.holding() {
		if part.head.Traits.Vanishes {
			continue
		}
		if part.wedges.open > 0 || p.Slots <= 0 || p.Unbounded || n < float64(p.Slots) {
			return false
		}
	}
	return true
}

// cpus is how many CPUs the tree used within s, on average. Where the total fell, the
// dead are not counted in it, and it says nothing.
func (v *view) cpus(s span) (n float64, ok bool) {
	looks, ok := v.looks(s)
	if !ok {
		return 0, false
	}
	first, last := looks[0], looks[len(looks)-1]
	if last.CPU < first.CPU {
		return 0, false
	}
	return (last.CPU - first.CPU) / seconds(last.T-first.T), true
}

// words: "resources piled up: 1 fds with each of 120 faults, and 0.9 CPUs are still in
// use". It is "" if nothing did.
func (l left) words() string {
	if !l.known {
		return ""
	}
	var what []string
	if l.manyOf(0, l.fds, l.fdsOfProcs) || l.piled(0, pileCount, pileEach) {
		what = append(what, figure(l.fds, 2)+" fds")
	}
	if l.manyOf(1, l.threads, l.pool+l.procs) {
		what = append(what, figure(l.threads, 2)+" threads")
	}
	if l.manyOf(3, l.closeWait, 0) {
		what = append(what, figure(l.closeWait, 2)+" sockets in CLOSE_WAIT")
	}
	if l.manyOf(4, l.files, 0) {
		what = append(what, figure(l.files, 2)+" files")
	}
	if l.muchMemory() {
		what = append(what, figure(l.memory/(1<<20), 1)+" MiB")
	}
	var parts []string
	if len(what) > 0 {
		parts = append(parts, strings.Join(what, ", ")+" with each of "+bench.Things(l.n, "client", "clients"))
	}
	if l.cpus >= leftCPUs {
		parts = append(parts, fmt.Sprintf("%s CPUs more than before any fault", figure(l.cpus, 2)))
	}
	if len(parts) == 0 {
		return ""
	}
	return bench.PiledUp + ": " + strings.Join(parts, ", and ") + ", although all of them are gone"
}

func (f *facts) leftWords() string { return f.left.words() }

func (f *facts) leftMeasures(s sheet) {
	l := f.left
	if !l.known {
		return
	}
	s.set("fds_per_fault", l.fds, l.n)
	s.set("threads_per_fault", l.threads, l.n)
	s.set("memory_per_fault", l.memory/(1<<20), l.n)
	s.set("close_wait_per_fault", l.closeWait, l.n)
	s.set("files_per_fault", l.files, l.n)
	s.set("cpus_kept", l.cpus, l.n)
}
