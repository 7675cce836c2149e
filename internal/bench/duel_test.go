package bench

import (
	"errors"
	"testing"
)

func TestDuelExit(t *testing.T) {
	bouts := func(answers ...Answer) Duel {
		var d Duel
		for _, a := range answers {
			d.Bouts = append(d.Bouts, Bout{Answer: a})
		}
		return d
	}
	for _, tt := range []struct {
		duel Duel
		want error
	}{
		{bouts("same", "better"), nil},
		{bouts("same", "invalid"), ErrUnmeasured},
		{bouts("invalid", "worse"), ErrCheckFailed},
		{bouts(), ErrUnmeasured},
	} {
		if got := tt.duel.Err(); !errors.Is(got, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.duel.Bouts, got, tt.want)
		}
	}
}
