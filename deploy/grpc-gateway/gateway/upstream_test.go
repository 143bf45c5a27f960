package gateway

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// serve answers calls and counts them, until the test is over.
func serve(t *testing.T) (address string, calls *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	calls = new(atomic.Int64)
	count := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		calls.Add(1)
		return next(ctx, request)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(count))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), calls
}

func TestCallsGoToEachAddressOfAName(t *testing.T) {
	one, ofOne := serve(t)
	other, ofOther := serve(t)
	names := manual.NewBuilderWithScheme("two")
	names.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: one}, {Addr: other}}})
	resolver.Register(names)
	upstream, err := Dial("two:///sekisho", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	client := grpc_health_v1.NewHealthClient(upstream)
	// The second connection may be made a moment after the first.
	for ofOne.Load() == 0 || ofOther.Load() == 0 {
		request := new(grpc_health_v1.HealthCheckRequest)
		if _, err := client.Check(t.Context(), request, grpc.WaitForReady(true)); err != nil {
			t.Fatal(err)
		}
	}
}
