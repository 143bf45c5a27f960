package front

import (
	"net/http"
	"slices"
	"strings"
)

// What browsers are told about every answer (docs/web.md).
var always = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	// What is for all to keep says so later.
	"Cache-Control": "no-store",
}

// A year (RFC 6797).
const strictTransport = "max-age=31536000"

func protect(headers http.Header, isSecure bool) {
	for name, value := range always {
		headers.Set(name, value)
	}
	if isSecure {
		headers.Set("Strict-Transport-Security", strictTransport)
	}
}

// Of preflights; how long a browser may keep one, in seconds.
var (
	methods  = strings.Join([]string{"GET", "HEAD", "POST", "PUT", "DELETE"}, ",")
	accepted = strings.Join([]string{
		"authorization", "content-type", "accept-language", "grpc-timeout", "traceparent", "x-grpc-web",
		"x-request-id", "x-user-agent",
	}, ",")
	exposed = strings.Join([]string{
		"retry-after", "www-authenticate", "grpc-message", "grpc-status", "grpc-status-details-bin", "x-request-id",
	}, ",")
	vary = "origin, access-control-request-method, access-control-request-headers"
)

const keptFor = "3600"

// origins are compared byte for byte with what browsers send.
type origins []string

// apply says which pages' scripts may call. It says whether that is the whole answer.
func (o origins) apply(headers http.Header, r *http.Request) (isPreflight bool) {
	headers.Set("Vary", vary)
	if origin := r.Header.Get("Origin"); slices.Contains(o, origin) {
		headers.Set("Access-Control-Allow-Origin", origin)
	}
	if r.Method != http.MethodOptions {
		headers.Set("Access-Control-Expose-Headers", exposed)
		return false
	}
	headers.Set("Access-Control-Allow-Methods", methods)
	headers.Set("Access-Control-Allow-Headers", accepted)
	headers.Set("Access-Control-Max-Age", keptFor)
	return true
}
