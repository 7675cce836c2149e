// Package repro writes a script that shows the failure of a stored cell without benchrun,
// for an issue of the server's. What such a script does, and what not, is said once, in
// script.bash; how a fault looks in it is the family's (scenarios.Script).
package repro
