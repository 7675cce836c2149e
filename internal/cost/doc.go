// Package cost measures what benchrun itself costs, beside other programs that
// do the same work at the same time on the same machine: the victim client
// beside vegeta and wrk, crowds of slow clients beside slowhttptest, the
// observer, a cell's overhead, a hundred cells' reports. scripts/cost runs it.
//
// Whatever is measured by its CPU or memory runs in a process of its own (see
// Part), as the other program does, and is looked at from outside.
//
// Figures are data: the table shows a missed goal, which is never an error. Errors mean
// that something could not be measured. The package stands above the campaign
// and is imported by cmd only.
package cost
