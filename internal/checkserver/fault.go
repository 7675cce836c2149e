package checkserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/scenarios"
)

// loadPatience is how long a request may take that costs work or time and ends
// by itself, within a second on an idle machine.
const loadPatience = 20 * time.Second

// provoke makes one request, for loadPatience at most.
func (c *Check) provoke(ctx context.Context, p *place.Place, provoker clients.Provoker, nonce string, heard func(body []byte)) bench.Sample {
	p.Expect(nonce)
	patient, cancel := context.WithTimeout(ctx, loadPatience)
	defer cancel()
	return *provoker.Provoke(patient, clients.Provocation{
		Clock: p.Clock(), Addr: p.Addr(), Nonce: nonce, Due: p.Clock().Now(), Role: bench.RoleProvoker, Heard: heard,
	})
}

func checkNonce(f scenarios.Fault) string { return "check-" + f.ID }

// wrongAnswer says what is wrong with a provoker's answer, which should have the
// status right; "" when it is right.
func wrongAnswer(s bench.Sample, right int) string {
	switch {
	case s.Outcome == bench.HeldOpen:
		return fmt.Sprintf("no answer within %.0f s", loadPatience.Seconds())
	case s.Outcome != bench.Completed:
		return fmt.Sprintf("%s, %s: %s", s.Outcome, took(s), s.Error)
	case s.Status != right:
		return fmt.Sprintf("status %d, %s", s.Status, took(s))
	}
	return s.Error
}

func took(s bench.Sample) string {
	return fmt.Sprintf("after %.1f s", time.Duration(s.Done-s.Sent).Seconds())
}

// fault asks a fresh launch, as cells of that family have it, for one fault and
// looks for its receipt and its effect.
func (c *Check) fault(ctx context.Context, f scenarios.Fault) error {
	check := faultCheck(f)
	if why := c.Target.Server.App.Lacks(f.Needs.AppFault); why != "" {
		c.On(Result{Check: check, Expected: "nothing: this kind of app has no such fault", Seen: why, Verdict: OK})
		return nil
	}
	c.begin(check)
	return c.Host.Use(ctx, c.Target.Under(f.ID), c.LogPath, func(p *place.Place) {
		answered, over := make(chan bench.Sample, 1), make(chan struct{})
		var asking clients.Crew
		defer asking.End()
		asking.Start(ctx, func(ctx context.Context) {
			answered <- c.provoke(ctx, p, f.Act(scenarios.Place{}), checkNonce(f), nil)
			close(over)
		})
		start, ok := awaitStart(ctx, p, checkNonce(f), over)
		switch {
		case !ok:
			var got *bench.Sample
			select {
			case answer := <-answered:
				got = &answer
			default:
			}
			c.On(notBegunResult(check, f, got))
		case start.Fault != f.Traits.Receipt || start.PID <= 0 || start.TID <= 0:
			c.report(check, "a start receipt", "", fmt.Sprintf("a receipt of fault %q, pid %d, tid %d", start.Fault, start.PID, start.TID))
		case f.Traits.HoldsSlot():
			c.holds(ctx, p, check, start, answered)
		case f.Traits.Expects == bench.ExpectsDeath:
			problem := ""
			if !awaitDeath(ctx, p, start.PID) {
				problem = fmt.Sprintf("a receipt by pid %d, which lives on", start.PID)
			}
			c.report(check, "a start receipt, and the process dies", fmt.Sprintf("a receipt by pid %d, which died", start.PID), problem)
		case f.Traits.BreaksOff:
			got := <-answered // bounded by loadPatience
			_, closed := awaitReceipt(ctx, p, start.Nonce, bench.ReceiptEnd)
			c.On(brokenOffResult(check, start, got, closed))
		default:
			got := <-answered // bounded by loadPatience
			end, ended := awaitReceipt(ctx, p, start.Nonce, bench.ReceiptEnd)
			cut := (!ended || got.Status != f.Traits.RightStatus()) && c.watchdogEnded(ctx, p, start)
			c.On(loadResult(check, f, start, end, got, cut))
		}
	}, func() {
		c.On(Result{Check: check, Expected: "a start receipt", Seen: "a second launch did not come up"})
	})
}

// notBegunResult judges a fault without a start receipt; got is what its client got, nil =
// nothing yet. Behind a request whose family has another one come along, the server may have
// dropped the first one, which is what the family measures. An app that does not know the
// fault answers 404.
func notBegunResult(check string, family scenarios.Fault, got *bench.Sample) Result {
	f := Result{Check: check, Expected: "a start receipt", Verdict: Failed}
	f.Seen = fmt.Sprintf("none within %.0f s, or %.1f s after the answer", checkWait.Seconds(), lateReceipt.Seconds())
	if family.PairSent && got != nil && got.Status != http.StatusNotFound {
		f.Verdict, f.Seen = Differs, fmt.Sprintf("none: of two requests that came together, the app did not get the first one (%s, status %d)", got.Outcome, got.Status)
	}
	return f
}

// lateReceipt is how long after a request's end its start receipt is waited for: the app
// writes it before it does anything else.
const lateReceipt = 500 * time.Millisecond

// awaitStart waits for the start receipt of a request, until lateReceipt after the request
// is over, and for at most checkWait.
func awaitStart(ctx context.Context, p *place.Place, nonce string, over <-chan struct{}) (start bench.Receipt, ok bool) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-over:
			bench.Sleep(waiting, lateReceipt)
			cancel()
		case <-waiting.Done():
		}
	}()
	return awaitReceipt(waiting, p, nonce, bench.ReceiptStart)
}

// holds looks whether a fault that ends by nothing but a watchdog holds for a
// while.
func (c *Check) holds(ctx context.Context, p *place.Place, check string, start bench.Receipt, answered <-chan bench.Sample) {
	f := Result{Check: check, Expected: "a start receipt, and no end of it", Verdict: OK}
	f.Seen = fmt.Sprintf("a receipt by pid %d; it holds", start.PID)
	select {
	case got := <-answered:
		f.Seen, f.Verdict = fmt.Sprintf("a receipt by pid %d; the request ended %s: %s %d", start.PID, took(got), got.Outcome, got.Status), Failed
		if c.watchdogEnded(ctx, p, start) {
			f.Verdict = Differs
		}
	case <-time.After(checkHeld):
	case <-ctx.Done():
	}
	c.On(f)
}

// watchdogEnded says that the server's watchdog may have ended a request: it is
// claimed, and the request's thread or process is gone.
func (c *Check) watchdogEnded(ctx context.Context, p *place.Place, start bench.Receipt) bool {
	return c.Target.Profile.Claims.Watchdog > 0 && poll(ctx, checkWait, func() bool { return gone(p, start) })
}

// loadResult judges a fault that ends by itself: both receipts, and a right
// answer by the process that wrote them. cut says that the server's watchdog
// may have ended the request: that is what families measure, so it differs. So does
// a wrong answer for an app that failed, or that broke its contract with the server.
func loadResult(check string, family scenarios.Fault, start, end bench.Receipt, got bench.Sample, cut bool) Result {
	t, f := family.Traits, Result{Check: check, Expected: "start and end receipt, a right answer", Verdict: OK}
	f.Seen = fmt.Sprintf("all of it, by pid %d, %s", got.PID, took(got))
	problem := wrongAnswer(got, t.RightStatus())
	appFails := t.RightStatus() != http.StatusOK // then the server writes the answer
	switch {
	case cut:
		f.Verdict, f.Seen = Differs, fmt.Sprintf("the server ended it: %s", problem)
	case problem != "" && (appFails || family.ServersDiffer):
		f.Verdict, f.Seen = Differs, problem
	case problem != "":
		f.Verdict, f.Seen = Failed, problem
	case end.Event != bench.ReceiptEnd:
		f.Verdict, f.Seen = Failed, "no end receipt"
	case end.PID != start.PID || got.PID != start.PID && !appFails || end.Fault != start.Fault || end.T < start.T:
		f.Verdict = Failed
		f.Seen = fmt.Sprintf("receipts of %q by pid %d and of %q by pid %d, %d ms apart; the answer is from pid %d",
			start.Fault, start.PID, end.Fault, end.PID, (end.T-start.T)/1e6, got.PID)
	}
	return f
}

// brokenOffResult judges an answer that the app breaks off by an exception. What servers
// do then is what families measure, so it differs and fails nothing.
func brokenOffResult(check string, start bench.Receipt, got bench.Sample, closed bool) Result {
	f := Result{Check: check, Expected: "a start receipt, an answer that breaks off, and close()", Verdict: Differs}
	switch {
	case got.Outcome == bench.HeldOpen:
		f.Seen = "the client was left waiting"
	case got.Outcome == bench.Completed && got.Status < http.StatusMultipleChoices:
		f.Seen = "the broken answer looked whole to its client"
	case !closed:
		f.Seen = "close() was not called"
	default:
		f.Seen, f.Verdict = fmt.Sprintf("all of it, by pid %d, %s", start.PID, took(got)), OK
	}
	return f
}

// gone says whether the thread or the process of a start receipt has ended.
func gone(p *place.Place, start bench.Receipt) bool {
	_, thread := p.Server(start.Nonce, bench.ReceiptThreadGone)
	_, process := p.Server(start.Nonce, bench.ReceiptProcessGone)
	return thread || process
}
