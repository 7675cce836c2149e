package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// None is shown if there is no figure.
const None = "–"

// Figure puts a measure into words, the same in every report: "97.3 %", "4.1 s", "31 MiB",
// "> 5 s" if only a lower bound is known, None if there was nothing to measure.
func Figure(m bench.Measure) string {
	if m.Value == nil {
		return None
	}
	m.Unit, m.Censored = clean(m.Unit), clean(m.Censored) // a file may contain anything
	text := figure(*m.Value, m.Unit)
	if m.Censored != "" && text != None {
		// A bound is a round number of the method; "> 5.0 s" would look measured.
		return m.Censored + " " + strings.Replace(text, ".0 ", " ", 1)
	}
	return text
}

// Count is Figure without the unit, for columns whose heading has it.
func Count(m bench.Measure) string {
	m.Unit = ""
	return Figure(m)
}

// Change is Figure with a sign: "+2.5 MiB".
func Change(m bench.Measure) string {
	text := Figure(m)
	if m.Value != nil && *m.Value > 0 && text != None {
		return "+" + text
	}
	return text
}

func figure(v float64, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return None
	}
	switch unit {
	case "%":
		return Percent(v)
	case "s":
		return seconds(v)
	}
	text := number(v)
	if unit == "" {
		return text
	}
	return text + " " + unit
}

// Percent is, for example, "97.3 %". It cuts instead of rounding: 94.96 % is the H of a failed
// cell and must not look like the 95.0 % of a degraded one, and only 100 % is "100.0 %".
func Percent(v float64) string {
	const ulp = 1e-9 // 97.3 may be stored as 97.2999…
	return strconv.FormatFloat(math.Floor(v*10+ulp)/10, 'f', 1, 64) + " %"
}

// seconds is, for example, "0.31 s", "4.1 s", "512 s", and from ten minutes on "25 min", "2.4 h".
func seconds(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0 s"
	case a < 0.005:
		return "< 0.01 s"
	case a < 0.995:
		return decimals(v, 2) + " s"
	case a < 99.95:
		return decimals(v, 1) + " s"
	case a < 600:
		return decimals(v, 0) + " s"
	case a < 7200:
		return decimals(v/60, 0) + " min"
	}
	return decimals(v/3600, 1) + " h"
}

// number is, for example, "3", "0.25", "2.5", "31", "1,200": at least two significant digits.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case v == math.Trunc(v), a >= 9.95:
		return bench.Grouped(v)
	case a < 0.995:
		return decimals(v, 2)
	}
	return decimals(v, 1)
}

func decimals(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }

// gibi is an amount of memory: "2 GiB", "512 MiB".
func gibi(bytes int64) string {
	if bytes < 1<<30 {
		return number(math.Round(float64(bytes)/(1<<20))) + " MiB"
	}
	return number(math.Round(float64(bytes)/(1<<30)*10)/10) + " GiB"
}

// about is a time to wait, rounded to what benchrun can promise: "about 40 s", "about 4 min",
// "about 1 h 20 min".
func about(d time.Duration) string { return "about " + roughly(d) }

// aboutRange is the same of a time that is open: "about 30 s to 2 min". If it may be nearly
// over, it is "up to 40 s".
func aboutRange(r bench.Range) string {
	least, most := roughly(r.Least), roughly(r.Most)
	switch {
	case r.Least < 5*time.Second:
		return "up to " + most
	case least == most:
		return "about " + most
	}
	return "about " + least + " to " + most
}

func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strconv.Itoa(max(1, int(math.Ceil(d.Seconds())))) + " s"
	case d <= 100*time.Second:
		return strconv.Itoa(int(math.Ceil(d.Seconds()/5))*5) + " s"
	case d <= time.Hour:
		return strconv.Itoa(int(math.Round(d.Minutes()))) + " min"
	}
	ten := int(math.Round(d.Minutes()/10)) * 10
	if ten%60 == 0 {
		return strconv.Itoa(ten/60) + " h"
	}
	return strconv.Itoa(ten/60) + " h " + strconv.Itoa(ten%60) + " min"
}
