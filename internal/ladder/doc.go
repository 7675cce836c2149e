// Package ladder finds the ratio of a family at which a target stops holding, in as few
// cells as a bisection needs, and the longest honest request that the same target serves.
package ladder
