package scenarios

// Script is how a family's fault looks in plain Python, for a script that shows it without
// benchrun (internal/repro). The zero value fits a fault of the app: the client requests
// it and waits for its answer.
type Script struct {
	// App is what the app does with a misbehaving request before it answers with
	// `blocks`; "" = it runs the fault that the family needs of it, if there is one.
	App string
	// Client is the body of the function that makes the fault. It returns True for a
	// right answer. "" = it requests /fault, as the app serves it, and waits. {stop} and
	// {reload} stand for the signals of the server file. It may use what
	// internal/repro/helpers.py has, and `server`, the first process.
	Client string
	// Before is what the client does once, before the first fault, and After what it does
	// when the faults are over.
	Before, After string
	// Boot says that the app, when it is loaded, runs the file `boot`, which is empty
	// until the client writes to it.
	Boot bool
	// Kinds is how many different requests the client makes in turn; 0 = always the same.
	Kinds int
	// None says why a script cannot show the fault; "" = it can.
	None string
}

// Pieces of Python that several families share.
const (
	// tellPID has the app say which process serves the request.
	tellPID = `open(__file__ + ".pid", "w").write(str(os.getpid())); fault_legit_slow()`
	// killIt kills the process that tellPID tells of.
	killIt = `os.kill(int(open("app.py.pid").read()), signal.SIGKILL)  # the process that serves it`
	// underWay sends the slow request and waits until it is under way.
	underWay = "start(get, \"/fault\"), time.sleep(0.5)\n"
	// connectAndStay connects and sends nothing. It does not wait for the connection: one
	// that the server has not taken when the clients leave must not come after that.
	connectAndStay = "client = socket.socket()\nclient.setblocking(False)\nclient.connect_ex((\"127.0.0.1\", PORT))\nheld.append(client)"
)

// breakOff has the app misbehave after the first block of an answer of unknown length. The
// client waits for so many seconds to see whether the answer ends.
func breakOff(fault, patience string) Script {
	return Script{
		App:    `start_response("200 OK", []); return (` + fault + ` if i else b"x" * 1024 for i in range(2))`,
		Client: `return can_tell(b"GET /fault HTTP/1.1\r\nHost: localhost\r\n\r\n", ` + patience + `)`,
	}
}
