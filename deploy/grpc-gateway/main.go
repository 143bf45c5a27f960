// Command grpc-gateway serves Sekisho's REST surface from a place of its own: it
// transcodes with grpc-gateway, and calls Sekisho over gRPC.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sekisho/grpc-gateway/front"
	"sekisho/grpc-gateway/gateway"
	"sekisho/grpc-gateway/settings"
)

//go:generate go tool -modfile=tools/go.mod buf generate

const (
	pkg = "sekisho.v1"
	// EX_CONFIG of sysexits.h.
	exitSettings = 78

	headerTime  = 10 * time.Second
	requestTime = 30 * time.Second
	idleTime    = 5 * time.Minute
	stopTime    = 30 * time.Second
	// Of all headers of a request. Sekisho takes 16 KiB over HTTP/2, with what is added here;
	// net/http reads 4 KiB more than it is told to.
	maxHeaders = 10 << 10
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	settings, err := settings.Read(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitSettings)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, settings); err != nil {
		slog.Error("the gateway has ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, settings settings.Settings) error {
	handler, closeUpstream, err := handler(ctx, settings)
	if err != nil {
		return err
	}
	defer closeUpstream()
	listener, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return err
	}
	server := serverOf(handler)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"event": "ready", "listen": listener.Addr().String(),
	}); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		deadline, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		return server.Shutdown(deadline)
	}
}

func handler(ctx context.Context, settings settings.Settings) (http.Handler, func(), error) {
	routes, err := front.ReadRoutes(pkg)
	if err != nil {
		return nil, nil, err
	}
	upstream, err := gateway.Dial(settings.Upstream, settings.TLS)
	if err != nil {
		return nil, nil, err
	}
	mux, err := gateway.New(ctx, upstream)
	if err != nil {
		return nil, nil, errors.Join(err, upstream.Close())
	}
	door := &front.Door{Routes: routes, Origins: settings.Origins, IsSecure: settings.IsSecure, Next: mux}
	return door, func() { _ = upstream.Close() }, nil
}

// serverOf speaks HTTP/1.1, and HTTP/2 to who knows that it does.
func serverOf(handler http.Handler) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:                      handler,
		Protocols:                    protocols,
		ReadHeaderTimeout:            headerTime,
		ReadTimeout:                  requestTime,
		IdleTimeout:                  idleTime,
		MaxHeaderBytes:               maxHeaders,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
}
