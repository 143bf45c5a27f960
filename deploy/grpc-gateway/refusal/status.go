package refusal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Headers of a refusal that are for HTTP callers, too.
var copied = []string{"Allow", "Retry-After", "Www-Authenticate"}

type details struct {
	info    *errdetails.ErrorInfo
	message *errdetails.LocalizedMessage
	request *errdetails.RequestInfo
	retry   *errdetails.RetryInfo
	bad     *errdetails.BadRequest
}

// WriteStatus answers with what Sekisho has refused, or with what kept it from
// answering.
func WriteStatus(ctx context.Context, w http.ResponseWriter, status *status.Status, metadata metadata.MD) {
	details := read(status)
	if details.info == nil {
		unanswered(status.Code()).Write(ctx, w)
		return
	}
	for _, name := range copied {
		for _, value := range metadata.Get(name) {
			w.Header().Set(name, value)
		}
	}
	code := runtime.HTTPStatusFromCode(status.Code())
	if reason, ok := words.Reasons[details.info.GetReason()]; ok && details.info.GetDomain() == words.Domain {
		code = reason.HTTP
	}
	message := status.Message()
	if details.message != nil {
		message = details.message.GetMessage()
	}
	write(w, code, document{lower(details.info.GetReason()), message, details.object(), details.request.GetRequestId()})
}

// unanswered is for a status that Sekisho has not made: the way to it is broken, or
// ours was.
func unanswered(code codes.Code) *Refusal {
	switch code {
	case codes.Unavailable:
		return &Refusal{Reason: Overloaded, RetryAfter: 1}
	case codes.DeadlineExceeded, codes.Canceled:
		return &Refusal{Reason: DeadlineExceeded}
	case codes.InvalidArgument:
		// Of grpc-gateway, which reads a request once more.
		return Invalid("body", InvalidJSON)
	default:
		return &Refusal{Reason: Internal}
	}
}

func read(status *status.Status) (found details) {
	for _, detail := range status.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			found.info = detail
		case *errdetails.LocalizedMessage:
			found.message = detail
		case *errdetails.RequestInfo:
			found.request = detail
		case *errdetails.RetryInfo:
			found.retry = detail
		case *errdetails.BadRequest:
			found.bad = detail
		}
	}
	return found
}

func (d details) object() map[string]any {
	object := map[string]any{}
	for key, value := range d.info.GetMetadata() {
		object[key] = value
	}
	if delay := d.retry.GetRetryDelay(); delay != nil {
		object["retry_after"] = wholeSeconds(delay.AsDuration())
	}
	if d.bad != nil {
		fields := make([]map[string]string, 0, len(d.bad.GetFieldViolations()))
		for _, violation := range d.bad.GetFieldViolations() {
			message := violation.GetDescription()
			if localized := violation.GetLocalizedMessage(); localized != nil {
				message = localized.GetMessage()
			}
			fields = append(fields, field(violation.GetField(), violation.GetReason(), message))
		}
		object["fields"] = fields
	}
	return object
}

// wholeSeconds rounds up, so that a caller who waits that long is let in.
func wholeSeconds(delay time.Duration) int64 {
	return int64((delay + time.Second - 1) / time.Second)
}

func lower(reason string) string { return strings.ToLower(reason) }
