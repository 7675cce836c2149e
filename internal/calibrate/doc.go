// Package calibrate knows the cells whose verdicts are known beforehand, and
// says whether benchrun reached them. Each family must hold the reference server
// where that is sound and fail it where it has the family's flaw; each sabotage
// of the harness must end in invalid, with a reason that names it. A family that
// no flaw can fail is not an instrument.
//
// It imports internal/bench, internal/plan, scenarios, targets and report. The
// cells are run like any others, by internal/campaign.
package calibrate
