package front

import (
	"bytes"
	"io"
	"net/http"

	"sekisho/grpc-gateway/refusal"
)

// Door hands on what is fit to be a call.
type Door struct {
	Routes Routes
	// Pages of these origins may call.
	Origins []string
	// Callers come by TLS only.
	IsSecure bool
	Next     http.Handler
}

// ServeHTTP refuses, or answers by Next.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller := refusal.CallerOf(r.Header)
	r = r.Clone(refusal.With(r.Context(), caller))
	w.Header().Set(refusal.RequestID, caller.RequestID)
	protect(w.Header(), d.IsSecure)
	if origins(d.Origins).apply(w.Header(), r) {
		return
	}
	if refused := d.admit(w, r); refused != nil {
		refused.Write(r.Context(), w)
		return
	}
	prepare(r, caller)
	d.Next.ServeHTTP(w, r)
}

// admit makes a request into one that everybody reads alike.
func (d *Door) admit(w http.ResponseWriter, r *http.Request) *refusal.Refusal {
	route, variables, refused := d.Routes.find(r.Method, r.URL.EscapedPath())
	if refused != nil {
		return refused
	}
	var faults faults
	texts := map[string]string{}
	if route.hasBody {
		body, refused := readBody(w, r)
		if refused == nil {
			texts, refused = route.body(body, &faults)
		}
		if refused != nil {
			return refused
		}
		replaceBody(r, body)
	} else if refused := refuseBody(r); refused != nil {
		return refused
	}
	r.URL.RawQuery = route.query(r.URL.RawQuery, &faults).Encode()
	checkVariables(variables, texts, &faults)
	if refused := faults.refusal(); refused != nil {
		return refused
	}
	if dropTimeout(r.Header) {
		return &refusal.Refusal{Reason: refusal.DeadlineExceeded}
	}
	r.Method = route.method // HEAD is a GET here; whoever writes the answer leaves its body out.
	return nil
}

func replaceBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// checkVariables makes sure that the body says nothing else than the path, which wins.
func checkVariables(variables, texts map[string]string, faults *faults) {
	for name, raw := range variables {
		value, ok := decode(raw)
		switch {
		case !ok:
			faults.add(name, refusal.Malformed)
		case texts[name] != "" && texts[name] != value:
			faults.add(name, refusal.Repeated)
		}
	}
}
