// Package stored does with runs that are over what can be done without measuring: it
// judges one again from its records, merges several, draws a report, and delivers the
// results to those who wait for them.
package stored
