// Package repro writes a script that shows the failure of a stored cell without benchrun,
// for an issue of the server's. What such a script does is said once: script.bash installs
// and cleans up, client.py.tmpl starts the server, asks and counts, and helpers.py has
// functions that a script gets if it names them. How a fault looks is the family's
// (scenarios.Script); what is expected of the server is the rule of its traits
// (expectations).
package repro
