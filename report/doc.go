// Package report shows runs to people and programs: one view model (View, made
// by NewView) and a renderer each for the terminal, Markdown and CSV, plus
// run.json's own form and the progress line. JUnit, Annotations and StepSummary
// show CI a run with its Findings: what keeps it from passing.
//
// Renderers decide nothing: verdicts, reasons and measures are the judge's.
// They agree because each figure is put into words in one place (Figure), and
// they are safe to show because NewView leaves no text of a server's or a
// file's in a form that could steer a terminal (see clean).
//
// Outlets carry out what flags ask for: stdout, files, CI.
//
// It imports internal/bench and internal/console, and is the only importer of tablewriter.
package report
