// Package campaign measures many cells: it installs targets, has them probed, has
// as many attempts made of each cell as the judge wants, and stores the results. It
// can continue where an earlier part of the run stopped. It decides nothing about
// verdicts.
package campaign
