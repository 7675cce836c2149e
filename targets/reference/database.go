package reference

import (
	"database/sql"
	"errors"
	"time"

	"benchrun/internal/postgresql"
)

// The times of docs/contract.md.
const (
	retryTime  = 5 * time.Second
	retryPause = 50 * time.Millisecond
)

// database is the app's own, as one worker asks it: without any timeout.
type database struct {
	sockets string        // the folder with its socket; "" = the app has none
	pool    chan struct{} // has an entry for each connection that is out
	kept    []*sql.DB     // with connections that are never returned
}

func newDatabase(sockets string) *database {
	return &database{sockets: sockets, pool: make(chan struct{}, postgresql.Pool)}
}

func (d *database) open() (*sql.DB, error) {
	if d.sockets == "" {
		return nil, errors.New("the app has no database")
	}
	return postgresql.AsApp(d.sockets)
}

// update changes a row that everybody changes, on a connection of its own.
func (d *database) update() error {
	db, err := d.open()
	if err != nil {
		return err
	}
	_, err = db.Exec(postgresql.Sell)
	return errors.Join(err, db.Close())
}

// retry does the same, and once more where it fails, until the database has had some
// seconds to come back.
func (d *database) retry() error {
	for until := time.Now().Add(retryTime); ; time.Sleep(retryPause) {
		if err := d.update(); err == nil || d.sockets == "" || time.Now().After(until) {
			return err
		}
	}
}

// keep takes a connection of the pool and never returns it. If the pool is empty, it
// waits.
func (d *database) keep() error {
	d.pool <- struct{}{}
	db, err := d.open()
	if err != nil {
		return err
	}
	db.SetMaxIdleConns(1) // otherwise the connection would end after the query
	d.kept = append(d.kept, db)
	return db.QueryRow(postgresql.Look).Scan(new(int))
}
