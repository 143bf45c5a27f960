package front

import (
	"net/http"
	"slices"
	"testing"
)

func TestWhoeverCallsIsTheLastHop(t *testing.T) {
	for _, test := range []struct {
		remote       string
		headers      http.Header
		forwarded    []string
		isRemoteLeft bool
	}{
		{"192.0.2.7:4711", http.Header{}, nil, true},
		{"192.0.2.7:4711", http.Header{"X-Forwarded-For": {""}, "Forwarded": {"for=198.51.100.9"}}, nil, true},
		{"192.0.2.7:4711", http.Header{"Forwarded": {`for="open`}}, []string{`for="open`, `for="192.0.2.7"`}, false},
		{"[2001:db8::7]:1", http.Header{"Forwarded": {"for=x"}}, []string{"for=x", `for="[2001:db8::7]"`}, false},
	} {
		request := &http.Request{RemoteAddr: test.remote, Header: test.headers.Clone()}
		forward(request)
		if got := request.Header["Forwarded"]; !slices.Equal(got, test.forwarded) {
			t.Errorf("%v: %q", test.headers, got)
		}
		if (request.RemoteAddr != "") != test.isRemoteLeft {
			t.Errorf("%v: %q", test.headers, request.RemoteAddr)
		}
	}
}

func TestOnlyNamedHeadersPass(t *testing.T) {
	for _, name := range []string{"Grpc-Metadata-Authorization", "Grpcgateway-User-Agent", "X-Http-Code", "Cookie", "Host"} {
		if _, passes := Passed(name); passes {
			t.Error(name)
		}
	}
}
