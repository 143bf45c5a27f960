# syntax=docker/dockerfile:1.7
#
#   docker build -f deploy/image/gateway.Dockerfile -t sekisho-grpc-gateway:0.1.0 deploy/grpc-gateway
ARG BUILDER=golang:1.26-bookworm
ARG RUNTIME=gcr.io/distroless/static-debian12:nonroot

FROM ${BUILDER} AS build
ENV CGO_ENABLED=0 GOFLAGS=-trimpath
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN --network=none go build -ldflags=-s -o /sekisho-grpc-gateway .

FROM ${RUNTIME}
LABEL org.opencontainers.image.title="Sekisho behind a grpc-gateway" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
COPY --from=build /sekisho-grpc-gateway /
USER 65532:65532
EXPOSE 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sekisho-grpc-gateway"]
