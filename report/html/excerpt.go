package html

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// mostTelling is how many lines about trouble the page shows before a log's end.
const mostTelling = 6

var (
	trouble   = regexp.MustCompile(`(?i)critical|fatal|error|exception|traceback|panic|time(?:d )?[ -]?out|kill|\bsignal|\bdied\b|crash|segmentation|exhausted`)
	pidInLine = regexp.MustCompile(`(?i)\bpid\W{0,3}(\d+)\b|\[(\d+)\]`)
	digits    = regexp.MustCompile(`\d+`)
)

// telling picks the lines of a log that say what went wrong: those that name trouble or a
// process that died, best those that do both. Of lines that differ only in their numbers it
// shows the first, with how many there are. It keeps their order.
func telling(text string, died map[int]bool) []string {
	type found struct{ at, rank, count int }
	var list []*found
	byShape := map[string]*found{}
	named := map[int]bool{} // the first line that names a process is about its start
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rank := 0
		if trouble.MatchString(line) {
			rank = 2
		}
		if namesOne(line, died, rank > 0, named) {
			rank++
		}
		if rank == 0 {
			continue
		}
		shape := digits.ReplaceAllString(line, "0")
		if f := byShape[shape]; f != nil {
			f.count++
			continue
		}
		f := &found{i, rank, 1}
		byShape[shape] = f
		list = append(list, f)
	}
	slices.SortStableFunc(list, func(a, b *found) int { return cmp.Compare(b.rank, a.rank) })
	list = list[:min(len(list), mostTelling)]
	slices.SortFunc(list, func(a, b *found) int { return cmp.Compare(a.at, b.at) })
	var out []string
	for _, f := range list {
		line := shownLine(lines[f.at])
		if f.count > 1 {
			line += " (" + bench.Things(f.count, "such line", "such lines") + ")"
		}
		out = append(out, line)
	}
	return out
}

// namesOne says that a line names a process that died: again, or with trouble.
func namesOne(line string, died map[int]bool, trouble bool, named map[int]bool) bool {
	var pids []int
	for _, m := range pidInLine.FindAllStringSubmatch(line, -1) {
		if pid, err := strconv.Atoi(m[1] + m[2]); err == nil && died[pid] {
			pids = append(pids, pid)
		}
	}
	again := slices.ContainsFunc(pids, func(pid int) bool { return named[pid] })
	for _, pid := range pids {
		named[pid] = true
	}
	return len(pids) > 0 && (trouble || again)
}

// died are the processes that ended before SIGTERM.
func (s Story) died() map[int]bool {
	out := map[int]bool{}
	shutdown, ok := s.phase(bench.MarkShutdown)
	for _, e := range s.Procs {
		if e.Died && (!ok || e.At < shutdown.From) {
			out[e.PID] = true
		}
	}
	return out
}
