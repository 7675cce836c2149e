// Package probe measures how many requests a target holds at once and when its
// watchdog ends a stuck one, each on a fresh launch. It keeps the results for a
// week.
package probe
