// Package checkserver looks whether a target does what docs/contract.md asks of a
// server and its file.
package checkserver
