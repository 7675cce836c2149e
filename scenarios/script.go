package scenarios

// Script is how a family's fault looks in plain Python, for a script that shows it without
// benchrun (internal/repro). The zero value fits a fault of the app: the client requests
// it and waits for its answer.
type Script struct {
	// App is what the app does with a misbehaving request before it answers with
	// `blocks`; "" = it runs the fault that the family needs of it, if there is one.
	App string
	// Client is the body of the function that is the misbehaving client. It returns True
	// for a right answer. "" = it requests /fault, as the app serves it, and waits.
	Client string
	// None says why a script cannot show the fault; "" = it can.
	None string
}
