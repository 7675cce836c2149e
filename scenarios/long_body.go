package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose answer is longer than it says.
var _ = register(64, Fault{
	Family: bench.Family{
		ID: "long-body", Version: 1, Group: bench.GroupApp,
		Title: "some answers are longer than the Content-Length that the app gave",
		Why: "The app counts characters where it should count bytes, or changes the text after it has counted. What it gives beyond its Content-Length " +
			"lies on the connection when the answer is over. Whoever uses that connection next, a browser or a proxy for somebody else, " +
			"takes it for the next answer. The app decides what stands there, and often a user does.",
		Good:       "sends as many bytes as the Content-Length says, and then closes, or answers the next request on the connection with what belongs to it.",
		Magnitude:  "a Content-Length of 1,024 bytes and 2,048 bytes of body; then another request on the connection",
		References: []string{"twisted/twisted#3618", "aspnet/KestrelHttpServer#175", "lalinsky/dusty#145"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "long-body"},
		Traits: bench.Traits{
			Receipt: "long-body",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true,
			Noun: bench.Words{"long answer", "long answers"},
		},
		Sound: "default", Flaw: "sends-beyond",
		FlawShows: bench.HonestLost,
	},
	Act: func(Place) clients.Provoker { return clients.LongBody("long-body") },
	Exactly: "an answer with a Content-Length of 1,024 whose body has 2,048 bytes. The client offers to keep the connection, reads 1,024 bytes of body, and sends a request for " +
		"`/victim` behind them, with the fault's nonce and -1. It must get the right answer to that, or the end of the connection. If the first answer says that it is the last one, the client looks for up " +
		"to 1 s whether more comes. A byte beyond the Content-Length is wrong in each case",
	Script: Script{
		App: `start_response("200 OK", [("Content-Length", "1024")]); return [b"x" * 2048]`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT), 5)
client.sendall(b"GET /fault HTTP/1.1\r\nHost: localhost\r\n\r\n")
client.settimeout(1)
text = b""
try:
    while more := client.recv(9999): text += more
except OSError: pass  # it keeps the connection
return len(text.partition(b"\r\n\r\n")[2]) == 1024`,
	},
	ServersDiffer: true,
	Searched:      []string{"Content-Length mismatch", "response desync", "request smuggling", "upstream sent more data than specified"},
	Light:         true,
})
