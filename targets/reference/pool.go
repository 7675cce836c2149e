package reference

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	maxWaiting = 1024 // requests that wait for a worker
	// halfClosedWait is how much longer a request waits after its client's FIN. The client
	// may have left, or may have shut down only its sending side and wait for the answer.
	halfClosedWait = time.Second
	bootPause      = 500 * time.Millisecond
	stopPatience   = 500 * time.Millisecond // from retire to kill
	neighbourPause = time.Second            // of kills-neighbours
)

// job is a request on its way to a worker.
type job struct {
	request
	body          io.Reader // nil = none
	atClientsPace bool
	answered      chan answer   // one slot, filled exactly once
	relayed       chan struct{} // closed when the client has the answer or is gone
}

// pool keeps the workers and passes requests to them. Each of its slots is one goroutine
// that owns one worker at a time. All slots receive from one unbuffered channel, so idle
// workers and waiting requests both queue first in, first out.
type pool struct {
	o         options
	listener  *os.File // inherited by workers with the flaw orphans-workers, otherwise nil
	events    *log.Logger
	jobs      chan *job
	waiting   atomic.Int64
	forgotten atomic.Int64 // dead workers of forgets-two
	corpse    atomic.Bool  // one-dead-worker already has its dead worker
	file      sync.Mutex   // with the flaw single-file, only the request that holds it is served
	held      sync.RWMutex // of pauses-on-fork: whoever has it as a writer keeps all requests waiting
	stop      context.CancelFunc
	giveUp    context.CancelFunc // ends the whole server (stops-on-exit and the like)
	slots     sync.WaitGroup     // and the reloading goroutine
	seats     []*seat            // used by startPool, then only by followHangups
	leaked    []*os.File         // of leaks-on-reload; used only by followHangups
	hasty     atomic.Bool        // kills-one-honest has killed its one

	mu       sync.Mutex
	live     map[*child]struct{}
	dropping chan struct{} // closed when drops-queue or drops-backlog drops what waits
}

// startPool starts o.workers workers, and replaces them at each SIGHUP. giveUp ends the
// server. The caller calls close.
func startPool(o options, listener *os.File, events *log.Logger, giveUp context.CancelFunc) *pool {
	ctx, stop := context.WithCancel(context.Background())
	p := &pool{
		o: o, listener: listener, events: events, stop: stop, giveUp: giveUp,
		jobs: make(chan *job), live: map[*child]struct{}{}, dropping: make(chan struct{}),
	}
	for range o.workers {
		st := newSeat(nil)
		p.seats = append(p.seats, st)
		p.slots.Go(func() { p.slot(ctx, st) })
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	p.slots.Go(func() { p.followHangups(ctx, hangups) })
	return p
}

// close ends all workers, busy or not, and returns when they are gone.
func (p *pool) close() {
	p.stop()
	p.slots.Wait()
}

// do returns the answer of a worker, or the pool's own: 502 if a worker died of this
// request, 503 if no worker became free, 504 if the worker got stuck. Once finished is
// closed, the client sends no more.
func (p *pool) do(finished <-chan struct{}, j *job) answer {
	if refusal := p.enqueue(finished, j); refusal != "" {
		return text(http.StatusServiceUnavailable, refusal)
	}
	return <-j.answered // always comes: in the end the worker is killed or dies
}

// enqueue waits until a worker takes j. If none does, it returns why.
func (p *pool) enqueue(finished <-chan struct{}, j *job) (refusal string) {
	if p.o.flaws[servesTheDead] {
		p.jobs <- j
		return ""
	}
	p.mu.Lock()
	dropped := p.dropping
	p.mu.Unlock()
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > maxWaiting {
		return "too many requests are waiting"
	}
	stale := time.NewTimer(p.o.maxWait)
	defer stale.Stop()
	for {
		select {
		case p.jobs <- j:
			return ""
		case <-stale.C:
			return "no worker became free"
		case <-dropped:
			return "whatever waits is dropped"
		case <-finished:
			finished = nil
			stale.Reset(min(halfClosedWait, p.o.maxWait))
		}
	}
}

// slot keeps one worker alive in its seat until ctx ends or another slot takes the seat.
func (p *pool) slot(ctx context.Context, st *seat) {
	defer st.occupy() // so that nobody waits for a slot that gave up
	for ctx.Err() == nil && !st.isTaken() {
		w, err := p.start()
		if err != nil {
			p.events.Print(err)
			if p.o.flaws[stopsOnFork] || p.o.flaws[stopsWithoutTmp] {
				p.giveUp()
				return
			}
			p.holdUp(ctx)
			continue
		}
		st.occupy()
		alive := p.work(ctx, st, w)
		if ctx.Err() != nil {
			return
		}
		if alive {
			continue // it was recycled, or another slot took its seat
		}
		p.events.Printf("worker %d ended: %s", w.pid(), w.ending())
		switch {
		case p.o.flaws[noRespawn], p.o.flaws[forgetsTwo] && p.forgotten.Add(1) <= 2:
			return
		case p.o.flaws[stopsOnExit] && w.exited():
			p.events.Print("it exited by itself, so workers cannot boot: the server ends")
			p.giveUp()
			return
		case p.o.flaws[stopsOnKill] && !w.exited():
			p.events.Print("it was killed, so nothing is safe any more: the server ends")
			p.giveUp()
			return
		case p.o.flaws[oneDeadWorker] && p.corpse.CompareAndSwap(false, true):
			p.workDead(ctx, st)
			return
		case p.o.flaws[killsNeighbours]:
			p.killNeighbours(w)
			pause(ctx, neighbourPause)
		}
	}
}

// start starts a worker and waits until it is ready.
func (p *pool) start() (*child, error) {
	args := []string{"--app", p.o.app}
	for _, f := range Flaws {
		if p.o.flaws[f.Name] {
			args = append(args, "--flaw", f.Name)
		}
	}
	if p.o.flaws[stopsWithoutTmp] {
		if err := touchTmp(); err != nil {
			return nil, err
		}
	}
	w, err := startChild(args, p.listener)
	if err != nil {
		return nil, err
	}
	w.polite = p.o.flaws[asksPolitely]
	p.mu.Lock()
	p.live[w] = struct{}{}
	p.mu.Unlock()
	if err := w.ready(); err != nil {
		w.kill()
		<-w.gone
		p.forget(w)
		return nil, err
	}
	return w, nil
}

// work passes jobs to w until w is dead, has answered as many requests as it may, its seat
// is taken, or ctx ends. Then w ends. It returns whether w was sound to the end.
func (p *pool) work(ctx context.Context, st *seat, w *child) (sound bool) {
	defer p.forget(w)
	defer context.AfterFunc(ctx, w.retire)() // also while it is busy
	for served := 0; !p.spent(served) && !st.isTaken(); served++ {
		select {
		case <-st.taken: // the loop ends
		case <-ctx.Done():
			p.part(w)
			return true
		case <-w.gone:
			return false
		case j := <-p.jobs:
			if !p.serve(w, j) {
				return false
			}
		}
	}
	if p.o.flaws[dropsOnRecycle] && !st.isTaken() {
		p.dropOne(ctx, w)
	}
	if p.o.flaws[dropsManyThen] && !st.isTaken() {
		p.dropMany(ctx)
	}
	w.retire()
	p.part(w)
	return true
}

// spent says that a worker has answered as many requests as it may.
func (p *pool) spent(served int) bool {
	return p.o.recycle > 0 && served >= p.o.recycle && !p.o.flaws[leaksMemory]
}

// part waits until a retired worker has ended, and kills it if it does not end in time.
func (p *pool) part(w *child) {
	if p.o.flaws[orphansWorkers] {
		return
	}
	select {
	case <-w.gone:
	case <-time.After(stopPatience):
		w.kill()
		<-w.gone
	}
}

// serve makes w answer j and returns whether w can go on.
func (p *pool) serve(w *child, j *job) bool {
	if p.o.flaws[pausesOnFork] {
		p.held.RLock()
		defer p.held.RUnlock()
	}
	if p.o.flaws[singleFile] {
		p.file.Lock()
		defer p.file.Unlock()
		defer time.Sleep(singleFilePause)
	}
	if p.o.flaws[unbufferedDownload] {
		defer func() { <-j.relayed }()
	}
	var ended chan error // of a stream
	blocks := make(chan []byte)
	ans, err := w.do(j.request, j.body, j.atClientsPace, p.limitOf(j), func(begun answer) {
		ended = make(chan error, 1)
		begun.ended, begun.blocks = ended, blocks
		j.answered <- begun
	}, func(block []byte) error {
		select {
		case blocks <- block:
			return nil
		case <-j.relayed:
			return errLeft
		}
	})
	switch {
	case ended != nil:
		ended <- err
		return err == nil || errors.Is(err, errAborted)
	case errors.Is(err, errStuck):
		j.answered <- text(http.StatusGatewayTimeout, err.Error())
		return false
	case errors.Is(err, errAborted):
		j.answered <- text(http.StatusBadRequest, err.Error())
		return true
	case err != nil:
		j.answered <- text(http.StatusBadGateway, err.Error())
		return false
	}
	j.answered <- ans
	return true
}

// workDead is the flaw one-dead-worker: a dead worker still gets its share of requests.
func (p *pool) workDead(ctx context.Context, st *seat) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-st.taken:
			return
		case j := <-p.jobs:
			j.answered <- text(http.StatusBadGateway, "worker is dead")
		}
	}
}

// forget removes a worker from the pool's records.
func (p *pool) forget(w *child) {
	w.retire()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, w)
}

// killNeighbours is the flaw kills-neighbours: when dead dies, it kills all others, unless
// dead itself was killed this way.
func (p *pool) killNeighbours(dead *child) {
	if dead.taken.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.live {
		w.taken.Store(true)
		w.kill()
	}
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// retireOne is the flaw retires-each-time: it has a worker exit, if there is one.
func (p *pool) retireOne() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.live {
		w.retire()
		return
	}
}

// killOne is the flaw dies-each-time: it kills a worker, if there is one.
func (p *pool) killOne() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.live {
		w.kill()
		return
	}
}
