package front

import (
	"net"
	"net/http"
	"regexp"
	"strings"

	"sekisho/grpc-gateway/refusal"
)

// Names of what callers may say to Sekisho, and under which each is sent. All else stays
// here: whoever could name metadata freely could claim to be anybody.
var passed = map[string]string{
	"Accept-Language": "accept-language",
	"Forwarded":       "forwarded",
	"Traceparent":     "traceparent",
	"Tracestate":      "tracestate",
	"User-Agent":      "grpcgateway-user-agent", // The plain one is that of the gateway.
	refusal.RequestID: "x-request-id",
}

// Passed is the matcher of incoming headers. grpc-gateway passes Authorization and
// X-Forwarded-For on by itself.
func Passed(name string) (string, bool) {
	name, ok := passed[name]
	return name, ok
}

// prepare makes the headers of a request say the same to grpc-gateway as they would say
// to Sekisho.
func prepare(r *http.Request, caller refusal.Caller) {
	r.Header.Set(refusal.RequestID, caller.RequestID)
	if !isASCII(r.Header.Get("User-Agent")) {
		r.Header.Del("User-Agent")
	}
	if len(r.Header.Values("User-Agent")) == 0 {
		// Else the gateway's own would be taken for the caller's.
		r.Header.Set("User-Agent", "")
	}
	// Trailers of gRPC mean nothing to HTTP callers.
	r.Header.Del("Te")
	forward(r)
}

// forward tells who called. grpc-gateway does it in X-Forwarded-For, which Sekisho reads
// before Forwarded; so where a proxy before it writes Forwarded, that is gone on with.
func forward(r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || len(r.Header.Values("X-Forwarded-For")) > 0 || len(r.Header.Values("Forwarded")) == 0 {
		r.Header.Del("Forwarded")
		return
	}
	r.Header.Add("Forwarded", `for="`+bracketed(host)+`"`)
	r.RemoteAddr = ""
}

// bracketed is an address as a node of RFC 7239, section 6.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

const timeout = "Grpc-Timeout"

var (
	isTimeout = regexp.MustCompile(`\A[0-9]{1,8}[HMSmun]\z`).MatchString
	isOver    = regexp.MustCompile(`\A0+[HMSmun]\z`).MatchString
)

// dropTimeout takes a time away that is none; grpc-gateway would refuse it. It says
// whether the time that there is has passed already.
func dropTimeout(headers http.Header) (over bool) {
	wanted := headers.Get(timeout)
	if !isTimeout(wanted) {
		headers.Del(timeout)
	}
	return isOver(wanted)
}
