// Package guide puts what benchrun knows of itself into words: the page of one
// word for `benchrun explain`, and the generated pages of docs/. Everything
// comes from the tables that the other rooms work by, so that no text is
// written twice.
//
// It imports internal/bench and the rooms that hold tables or schemas: scenarios,
// internal/judge, internal/project and targets. It runs and measures nothing.
package guide
