package campaign

import (
	"errors"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestOrderCheck(t *testing.T) {
	for _, tt := range []struct {
		order Order
		say   string
	}{
		{Order{Attempts: 1}, ""},
		{Order{Attempts: 9, Port: 65535, Jobs: 1, MaxTime: 1}, ""},
		{Order{Attempts: 2, Port: 8000}, ""}, // as many as have room is one
		{Order{}, "--attempts 0 is not between 1 and 9"},
		{Order{Attempts: 10}, "--attempts 10"},
		{Order{Attempts: 1, Port: -1}, "--port -1 is not a port"},
		{Order{Attempts: 1, Port: 65536}, "--port 65536 is not a port"},
		{Order{Attempts: 1, Port: 8000, Jobs: 2}, "--port 8000 is one port, and --jobs 2 cells need one each"},
		{Order{Attempts: 1, MaxTime: -1}, "--max-time -1ns is below zero"},
	} {
		err := tt.order.Check()
		var usage *bench.UsageError
		if tt.say == "" && err != nil || tt.say != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.say)) {
			t.Errorf("%+v: %v, want %q", tt.order, err, tt.say)
		}
	}
}

func TestCheckPairs(t *testing.T) {
	for pairs, ok := range map[int]bool{1: false, 2: true, 9: true, 10: false} {
		if err := CheckPairs(pairs); (err == nil) != ok {
			t.Errorf("%d: %v", pairs, err)
		}
	}
}

// A port serves one cell at a time, however many there is room for.
func TestPortsServeOneCell(t *testing.T) {
	for _, tt := range []struct {
		order Order
		want  int
		words string
	}{
		{Order{}, 0, "as many at once as there is room for"},
		{Order{Jobs: 3}, 3, "up to 3 at once"},
		{Order{Port: 8000}, 1, "one at a time"},
	} {
		if tt.order.atMost() != tt.want || tt.order.jobsWords() != tt.words {
			t.Errorf("%+v: %d, %s", tt.order, tt.order.atMost(), tt.order.jobsWords())
		}
	}
}
