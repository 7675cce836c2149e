// Package postgresql knows the PostgreSQL that runs beside a target where a family needs
// one: where Debian installs it, how an empty database is made and served, what is in it,
// and how to ask it. Nothing else imports the driver.
//
// It runs no program: internal/place does. It imports nothing of benchrun's.
package postgresql
