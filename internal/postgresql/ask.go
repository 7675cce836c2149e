package postgresql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lib/pq"
)

// The users: owner is benchrun, for whom connections are reserved.
const (
	owner = "benchrun"
	app   = "app"
)

// fill makes what the app finds.
const fill = `
CREATE TABLE item (id integer PRIMARY KEY, sold integer NOT NULL);
INSERT INTO item VALUES (1, 0);
CREATE ROLE app LOGIN;
GRANT SELECT, UPDATE ON item TO app`

// Sell is what an app does with its database: it changes a row that everybody changes.
const Sell = "UPDATE item SET sold = sold + 1 WHERE id = 1"

// Look asks for that row, and waits for nobody who changes it.
const Look = "SELECT sold FROM item WHERE id = 1"

// take takes the lock that Sell needs, and keeps it until giveBack.
const (
	take     = "BEGIN; SELECT sold FROM item WHERE id = 1 FOR UPDATE"
	giveBack = "ROLLBACK"
)

// AsApp opens the database whose socket is in a folder, as an app does: nothing limits how
// long it may take to connect. Nothing is connected before it is asked.
func AsApp(sockets string) (*sql.DB, error) { return open(app, sockets, "") }

func open(user, sockets, more string) (*sql.DB, error) {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	forgetVariables()
	connector, err := pq.NewConnector(fmt.Sprintf("host='%s' user=%s dbname=postgres sslmode=disable %s", quote.Replace(sockets), user, more))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(0) // a connection that nobody uses must not hinder anything
	return db, nil
}

// forgetVariables removes the variables by which a user of PostgreSQL names other
// databases. The driver obeys some and panics at others.
func forgetVariables() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			_ = os.Unsetenv(name) // it fails only for impossible names
		}
	}
}

// Database is a database as benchrun asks it. It is not safe for concurrent use.
type Database struct {
	db     *sql.DB
	locker *sql.Conn // holds the lock; nil = nobody of benchrun does
}

// Open is that of a folder with a socket. Nothing is connected yet.
func Open(sockets string) (*Database, error) {
	db, err := open(owner, sockets, "connect_timeout=5") // the driver connects without looking at a context
	return &Database{db: db}, err
}

// Ping says whether the database answers.
func (d *Database) Ping(ctx context.Context) error { return d.db.PingContext(ctx) }

// Fill makes what the app finds, once.
func (d *Database) Fill(ctx context.Context) error {
	if _, err := d.db.ExecContext(ctx, fill); err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	return nil
}

// Lock takes the lock of the row that the app changes, until Unlock. Once it has the
// lock, it does nothing.
func (d *Database) Lock(ctx context.Context) error {
	if d.locker != nil {
		return nil
	}
	conn, err := d.db.Conn(ctx)
	if err == nil {
		if _, err = conn.ExecContext(ctx, take); err != nil {
			err = errors.Join(err, conn.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("lock a row of the database: %w", err)
	}
	d.locker = conn
	return nil
}

// Unlock gives the lock back, if it is held.
func (d *Database) Unlock(ctx context.Context) error {
	if d.locker == nil {
		return nil
	}
	_, err := d.locker.ExecContext(ctx, giveBack)
	d.Forget()
	if err != nil {
		return fmt.Errorf("unlock a row of the database: %w", err)
	}
	return nil
}

// Forget drops the connection that holds the lock, if there is one: the database is about
// to end it, or has ended it.
func (d *Database) Forget() {
	if d.locker != nil {
		_ = d.locker.Close() // it may be broken
		d.locker = nil
	}
}

// Waiting is how many connections wait for a lock.
func (d *Database) Waiting(ctx context.Context) (n int, err error) {
	err = d.db.QueryRowContext(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'", app).Scan(&n)
	return n, err
}

// Close ends all connections, and gives the lock back with them.
func (d *Database) Close() error {
	d.Forget()
	return d.db.Close()
}
