package pack

import "math"

// Load is what a task takes of the machine while it runs.
type Load struct {
	CPU    float64 `json:"cpu"`    // CPUs, on average in the busiest phase
	Burst  float64 `json:"burst"`  // CPUs, the standard deviation of CPU from second to second
	Memory int64   `json:"memory"` // bytes, the maximum
}

// peak is how many CPUs the load seldom exceeds by itself.
func (l Load) peak() float64 { return l.CPU + deviations*l.Burst }

// Room is what the machine has for all tasks that run at once.
type Room struct {
	CPUs   float64
	Memory int64 // bytes; 0 = no limit
	Jobs   int   // how many tasks at most; 0 = as many as have room
	// Quota is how many CPUs, mean and burst together, make a task run alone: it would
	// take more if it could. 0 = no limit.
	Quota float64
}

// deviations is how many standard deviations must have room beside the means. Bursts
// of tasks are independent: their means add up and their variances add up, so the
// deviation of many tasks grows only with the root of their number. With two
// deviations, about one second in forty needs more CPU than there is.
const deviations = 2

// sum is what loads take together.
func sum(loads ...Load) Load {
	var all Load
	variance := 0.0
	for _, l := range loads {
		all.CPU += l.CPU
		variance += l.Burst * l.Burst
		all.Memory += l.Memory
	}
	all.Burst = math.Sqrt(variance)
	return all
}

// Full says that the loads together need more than there is room for.
func (r Room) Full(loads ...Load) bool {
	all := sum(loads...)
	return r.Jobs > 0 && len(loads) > r.Jobs || all.peak() > r.CPUs || r.Memory > 0 && all.Memory > r.Memory
}
