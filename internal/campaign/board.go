package campaign

import (
	"encoding/json"
	"fmt"

	"benchrun/internal/campaign/pack"
	"benchrun/internal/launch"
)

// board is where the pool of this benchrun and those of others on the machine know of
// each other.
type board struct {
	notices *launch.Notices
	note    func(string)
	noted   bool // that it cannot be used
	waits   bool // it was said that this benchrun waits
}

// Turn is pack.Board's.
func (b *board) Turn(decide func([]pack.Notice) pack.Notice) {
	err := b.notices.Turn(func(others [][]byte) []byte {
		own := decide(noticesIn(others))
		if own.Runs == nil && own.Wants != nil && !b.waits {
			b.waits = true
			b.note(fmt.Sprintf("another benchrun of this user uses the machine: the next cell waits for it, at most %s", pack.Patience))
		}
		if own.Empty() {
			return nil
		}
		text, err := json.Marshal(own)
		if err != nil { // cannot happen: all numbers are finite
			return nil
		}
		return text
	})
	if err != nil && !b.noted {
		b.noted = true
		b.note("this benchrun cannot tell other benchruns on this machine what it runs, so they may disturb each other: " + err.Error())
	}
}

// Leave is pack.Board's.
func (b *board) Leave() { b.notices.Leave() }

// noticesIn are the notices that can be understood: another version may have written them.
func noticesIn(texts [][]byte) (all []pack.Notice) {
	for _, text := range texts {
		var n pack.Notice
		if json.Unmarshal(text, &n) != nil || n.CPUs <= 0 || n.Runs.Negative() || n.Wants.Negative() {
			continue
		}
		all = append(all, n)
	}
	return all
}
