package bench

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// NonceFormat is part of every nonce and of every schedule's hash. It is raised when the
// same inputs stop giving the same schedule.
const NonceFormat = "benchrun.schedule/v1"

// Nonces names the requests of a schedule.
type Nonces struct{ key [sha256.Size]byte }

// NoncesOf gives the nonces of a scenario with a seed.
func NoncesOf(seed uint64, scenario string) Nonces {
	return Nonces{sha256.Sum256(fmt.Appendf(nil, "%s\nseed %d\nscenario %s\n", NonceFormat, seed, scenario))}
}

// Of is a kind (at most 8 bytes), a number, and 8 hex digits that only this schedule gives:
// an answer that carries another's cannot pass for it.
func (n Nonces) Of(kind string, number uint64) string {
	var block [sha256.Size + 16]byte
	copy(block[:], n.key[:])
	copy(block[sha256.Size:], kind)
	binary.BigEndian.PutUint64(block[sha256.Size+8:], number)
	sum := sha256.Sum256(block[:])
	return kind + strconv.FormatUint(number, 10) + "-" + hex.EncodeToString(sum[:4])
}

// Key is what the nonces are made of.
func (n Nonces) Key() [sha256.Size]byte { return n.key }
