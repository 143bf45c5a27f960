// Package gateway is grpc-gateway as Sekisho wants it.
package gateway

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"sekisho/grpc-gateway/front"
	sekishov1 "sekisho/grpc-gateway/gen/sekisho/v1"
	"sekisho/grpc-gateway/refusal"
)

// httpCode is the metadata that says which HTTP status a success has.
const httpCode = "x-http-code"

// New transcodes for every service with a REST route.
func New(ctx context.Context, upstream *grpc.ClientConn) (*runtime.ServeMux, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler()),
		runtime.WithIncomingHeaderMatcher(front.Passed),
		runtime.WithOutgoingHeaderMatcher(none),
		runtime.WithOutgoingTrailerMatcher(none),
		runtime.WithForwardResponseOption(head),
		runtime.WithErrorHandler(refuse),
		runtime.WithRoutingErrorHandler(notRouted),
		runtime.WithUnescapingMode(runtime.UnescapingModeAllExceptSlash),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithWriteContentLength(),
	)
	var faults []error
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		sekishov1.RegisterAdminServiceHandler,
		sekishov1.RegisterAuditServiceHandler,
		sekishov1.RegisterAuthServiceHandler,
		sekishov1.RegisterSessionServiceHandler,
		sekishov1.RegisterTokenServiceHandler,
		sekishov1.RegisterUserServiceHandler,
	} {
		faults = append(faults, register(ctx, mux, upstream))
	}
	return mux, errors.Join(faults...)
}

func marshaler() runtime.Marshaler {
	return &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}}
}

func none(string) (string, bool) { return "", false }

// head says what a success has in the head of its answer.
func head(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	sent, _ := runtime.ServerMetadataFromContext(ctx)
	for _, value := range sent.HeaderMD.Get("cache-control") {
		w.Header().Set("Cache-Control", value)
	}
	for _, value := range sent.HeaderMD.Get(httpCode) {
		code, err := strconv.Atoi(value)
		if err != nil || code < http.StatusOK || code > 599 {
			continue
		}
		w.WriteHeader(code)
		break
	}
	return nil
}

func refuse(
	ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error,
) {
	sent, _ := runtime.ServerMetadataFromContext(ctx)
	refusal.WriteStatus(r.Context(), w, status.Convert(err), metadata.Join(sent.HeaderMD, sent.TrailerMD))
}

// notRouted is for what the front has let through and no handler has: there should be
// nothing.
func notRouted(
	ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, _ int,
) {
	(&refusal.Refusal{Reason: refusal.NotFound}).Write(ctx, w)
}
