package gateway

import (
	"context"
	"crypto/tls"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	// Longer than Sekisho takes for any call.
	callTime     = 2 * time.Minute
	connectTime  = 5 * time.Second
	longestPause = 2 * time.Second
	// A connection to each address, and calls to each in turn: by default one address gets all.
	balancing = `{"loadBalancingConfig": [{"round_robin": {}}]}`
)

// Dial connects to Sekisho when the first call is made; without TLS if there is no
// configuration of it.
func Dial(target string, secure *tls.Config) (*grpc.ClientConn, error) {
	transport := insecure.NewCredentials()
	if secure != nil {
		transport = credentials.NewTLS(secure)
	}
	pauses := backoff.DefaultConfig
	pauses.BaseDelay, pauses.MaxDelay = 100*time.Millisecond, longestPause
	return grpc.NewClient(
		target,
		grpc.WithTransportCredentials(transport),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: connectTime}),
		// What may have happened is not done again.
		grpc.WithDisableRetry(),
		grpc.WithDefaultServiceConfig(balancing),
		// What a name's TXT records say is nobody's word here.
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("sekisho-grpc-gateway"),
		grpc.WithUnaryInterceptor(toItsEnd),
	)
}

// toItsEnd lets a call go on that its caller has given up. All callers share a connection,
// and Sekisho cuts one whose calls are mostly given up: one caller could have all others
// cut off. Sekisho brings to its end what it has begun in any case.
func toItsEnd(
	ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	type heads struct{ header, trailer metadata.MD }
	sent := make(chan heads, 1)
	answered := make(chan error, 1)
	unshared, copyTo := unshare(options)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		var got heads
		err := invoke(ctx, method, request, reply, conn, append(unshared, grpc.Header(&got.header), grpc.Trailer(&got.trailer))...)
		sent <- got
		answered <- err
	}()
	select {
	case err := <-answered:
		got := <-sent
		copyTo(got.header, got.trailer)
		return err
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

// unshare takes those options out that a call writes to after it has been given up.
func unshare(options []grpc.CallOption) (others []grpc.CallOption, copyTo func(header, trailer metadata.MD)) {
	var headers, trailers []*metadata.MD
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			headers = append(headers, option.HeaderAddr)
		case grpc.TrailerCallOption:
			trailers = append(trailers, option.TrailerAddr)
		default:
			others = append(others, option)
		}
	}
	return others, func(header, trailer metadata.MD) {
		for _, address := range headers {
			*address = header
		}
		for _, address := range trailers {
			*address = trailer
		}
	}
}
