package refusal

import (
	"context"
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

// RequestID is the header by which callers and logs name a call.
const RequestID = "X-Request-Id"

// Short and without anything that could forge a line of a log.
var isRequestID = regexp.MustCompile(`\A[A-Za-z0-9_.-]{1,64}\z`).MatchString

// Caller is what an answer needs to know of its request.
type Caller struct {
	RequestID string
	Locale    string
}

type key struct{}

// CallerOf reads who calls; a call without an id that can be used is given one.
func CallerOf(headers http.Header) Caller {
	id := headers.Get(RequestID)
	if !isRequestID(id) {
		id = uuid.NewString()
	}
	return Caller{RequestID: id, Locale: negotiate(headers.Get("Accept-Language"))}
}

// With remembers the caller.
func With(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, key{}, caller)
}

func caller(ctx context.Context) Caller {
	if caller, ok := ctx.Value(key{}).(Caller); ok {
		return caller
	}
	return Caller{Locale: languages[0]}
}
