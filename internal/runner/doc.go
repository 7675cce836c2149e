// Package runner conducts: it launches a target, drives victims and provokers
// through the phases of an attempt on one clock, has the tree observed and the
// record stored, and asks the judge. It decides nothing about verdicts.
//
// Below it are the rooms that do the work (launch, observe, clients, targets,
// judge, results); above it only cmd.
package runner
