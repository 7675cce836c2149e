package reference

import (
	"errors"
	"fmt"
	"os"
)

// spooledFrom is the size from which on a body goes into a temporary file, with the flaws
// stops-without-spool and dies-without-spool, bytes.
const spooledFrom = 512 << 10

// spool puts a large body into a temporary file, which nobody reads: only the flaws need one.
// If there is no room for it, they show.
func (f *front) spool(body []byte) error {
	if !f.flaws[stopsWithoutSpool] && !f.flaws[diesWithoutSpool] || len(body) <= spooledFrom {
		return nil
	}
	err := writeTmp(body)
	if err == nil {
		return nil
	}
	f.events.Print(err)
	if f.flaws[stopsWithoutSpool] {
		f.pool.giveUp()
	} else {
		f.pool.killOne()
	}
	return err
}

func writeTmp(body []byte) error {
	file, err := os.CreateTemp("", "body-")
	if err != nil {
		return fmt.Errorf("a large body needs a temporary file: %w", err)
	}
	_, err = file.Write(body)
	return errors.Join(err, os.Remove(file.Name()), file.Close())
}
