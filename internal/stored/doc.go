// Package stored does with runs that were measured before what can be done without
// measuring: it judges one again from its records, merges several, and draws a
// report.
package stored
