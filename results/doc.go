// Package results is the stored format: how a run's folder is laid out, written, read and
// merged. docs/contract.md shows the same as JSON.
//
//	<time>-<id>/run.json              the result (bench.Run)
//	<time>-<id>/cells.ndjson          one AttemptLine per attempt, synced as soon as it is judged
//	<time>-<id>/records/*.ndjson.gz   what benchrun saw in each attempt (bench.Record)
//	<time>-<id>/logs/*.log            the output of each server
//
// Whole files appear at once (temporary file, fsync, rename), so a killed run leaves no
// incomplete one; cells.ndjson grows by whole lines. Readers accept nothing unknown: damage
// is an error that names file and line. An error is a bench.UsageError for a file with
// wrong content, and a bench.EnvironmentError for a machine that cannot read or write.
//
// A folder may come from anyone: internal/intake reads its files, and nothing is written
// through a link. Other packages judge; here, verdicts are data.
package results
