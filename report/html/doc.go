// Package html draws a run as one self-contained page: the answer, the matrix of verdicts, the
// ladder if the run is one, how far to trust it, a figure with all targets for each scenario, and the story of each cell.
// Each of them has a name for links.
//
// NewStory turns the record of a cell's published attempt, and the judge's timeline of it, into
// a drawing; Write turns a run and its stories into the page. The package decides nothing:
// verdicts, reasons, measures and the seconds that count come from the judge, and their wording
// from package report.
//
// The page has no script and loads nothing (its Content-Security-Policy enforces that too).
// Package report cleans the texts of servers, apps and files, and html/template escapes them.
package html
