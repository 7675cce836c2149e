// Package campaign measures many cells: it installs targets, has them probed, has
// as many attempts made of each cell as the judge wants, stores what comes of them,
// and goes on where an earlier part of the run has stopped. It decides nothing about
// verdicts.
package campaign
