package clients

import (
	"context"
	"sync/atomic"
	"testing"
)

func TestCrew(t *testing.T) {
	var c Crew
	c.End() // nothing to end
	var ended atomic.Int32
	for range 3 {
		c.Start(t.Context(), func(ctx context.Context) { <-ctx.Done(); ended.Add(1) })
	}
	c.End()
	if n := ended.Load(); n != 3 {
		t.Errorf("%d of 3 had ended when End returned", n)
	}
	alive := make(chan bool)
	c.Start(t.Context(), func(ctx context.Context) { alive <- ctx.Err() == nil; <-ctx.Done() })
	if !<-alive {
		t.Error("a crew that was ended once starts nothing any more")
	}
	c.End()
}
