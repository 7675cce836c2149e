// Package report shows runs to people and programs. It has one view model (View, made by
// NewView) with renderers for the terminal, Markdown and CSV; the JSON of run.json; and the
// progress line. JUnit, Annotations and StepSummary show a run to CI with its Findings, which
// say what keeps it from passing.
//
// Renderers decide nothing: verdicts, reasons and measures come from the judge. They agree
// because one function puts each figure into words (Figure). They are safe because NewView
// cleans every text of servers and files, so that none can control a terminal (see clean).
//
// Outlets carry out what flags ask for: stdout, files, CI.
//
// It imports internal/bench and internal/console, and is the only importer of tablewriter.
package report
