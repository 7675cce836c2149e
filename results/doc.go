// Package results is the stored format: how a run's folder is laid out,
// written, read again and merged. docs/contract.md shows the same as JSON.
//
//	<time>-<id>/run.json              the result (bench.Run)
//	<time>-<id>/cells.ndjson          one AttemptLine per attempt, synced as soon as it is judged
//	<time>-<id>/records/*.ndjson.gz   what was seen in each attempt (bench.Record)
//	<time>-<id>/logs/*.log            what each server printed
//
// Whole files appear at once (temporary file, fsync, rename), so a killed run
// leaves no half of one; cells.ndjson grows by whole lines. A reader believes
// nothing that it does not know: what is damaged is an error that names file
// and line. Errors are bench.UsageError for a file that is not what it should
// be, bench.EnvironmentError for a machine that cannot read or write.
//
// A folder may come from anyone: what is read of it goes through internal/intake,
// and what is written to it through no link. Verdicts are judged elsewhere; here
// they are data.
package results
