// Package pack decides what runs beside what: tasks with measured loads on a
// machine that has room for so much. It starts nothing itself but what it is
// handed, knows no cell and no server, and does the same for the same input.
package pack
