package refusal

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
)

// Reasons that the gateway finds by itself.
const (
	Validation           = "VALIDATION_ERROR"
	NotFound             = "NOT_FOUND"
	MethodNotAllowed     = "METHOD_NOT_ALLOWED"
	UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
	TooLarge             = "REQUEST_TOO_LARGE"
	DeadlineExceeded     = "DEADLINE_EXCEEDED"
	Overloaded           = "OVERLOADED"
	Internal             = "INTERNAL"
)

// Rules that a field can break before a call is made.
const (
	Malformed    = "MALFORMED"
	UnknownField = "UNKNOWN_FIELD"
	Repeated     = "REPEATED"
	WrongType    = "WRONG_TYPE"
	InvalidJSON  = "INVALID_JSON"
)

// Refusal says why a call is not made.
type Refusal struct {
	Reason string
	// With Validation: what is wrong.
	Fields []Violation
	// With MethodNotAllowed: the methods that there are.
	Allow string
	// Seconds; 0 if there is nothing to wait for.
	RetryAfter int
}

// Violation is a field and the rule that it breaks.
type Violation struct{ Field, Rule string }

// Invalid refuses for one field.
func Invalid(field, rule string) *Refusal {
	return &Refusal{Reason: Validation, Fields: []Violation{{field, rule}}}
}

type document struct {
	Error     string         `json:"error"`
	Message   string         `json:"message"`
	Details   map[string]any `json:"details"`
	RequestID string         `json:"request_id"`
}

// Write answers with the refusal.
func (r *Refusal) Write(ctx context.Context, w http.ResponseWriter) {
	caller, reason := caller(ctx), words.Reasons[r.Reason]
	if r.Allow != "" {
		w.Header().Set("Allow", r.Allow)
	}
	details := map[string]any{}
	if len(r.Fields) > 0 {
		details["fields"] = r.fields(caller.Locale)
	}
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.RetryAfter))
		details["retry_after"] = r.RetryAfter
	}
	write(w, reason.HTTP, document{lower(r.Reason), reason.Messages[caller.Locale], details, caller.RequestID})
}

func (r *Refusal) fields(locale string) []map[string]string {
	fields := make([]map[string]string, 0, len(r.Fields))
	for _, violation := range r.Fields {
		fields = append(fields, field(violation.Field, violation.Rule, words.Rules[violation.Rule][locale]))
	}
	return fields
}

func field(name, rule, message string) map[string]string {
	return map[string]string{"field": name, "reason": rule, "message": message}
}

func write(w http.ResponseWriter, status int, body document) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(err) // Of text and numbers only.
	}
	document := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(document)))
	w.WriteHeader(status)
	// A caller who has gone reads nothing.
	_, _ = w.Write(document)
}
