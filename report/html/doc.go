// Package html draws a run as one self-contained page: the answer, the matrix
// of verdicts, how far to trust it, every target on shared axes, and the story
// of each cell. Links lead to all of them by name.
//
// NewStory turns the record of a cell's published attempt, and the judge's
// timeline of it, into what is drawn; Write turns a run and its stories into the
// page. Nothing is decided here: verdicts, reasons, measures and the seconds that
// count are the judge's, their wording is package report's.
//
// The page holds no script and asks for nothing by itself (its
// Content-Security-Policy says so too). Text of servers, apps and files is
// cleaned by package report, then escaped by html/template.
package html
