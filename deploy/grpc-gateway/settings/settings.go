// Package settings reads those of the gateway from the environment.
package settings

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

// Names of the settings; README.md says what they mean.
const (
	listen       = "SEKISHO_GATEWAY_LISTEN"
	upstream     = "SEKISHO_GATEWAY_UPSTREAM"
	upstreamCA   = "SEKISHO_GATEWAY_UPSTREAM_CA"
	upstreamCert = "SEKISHO_GATEWAY_UPSTREAM_CERT"
	upstreamKey  = "SEKISHO_GATEWAY_UPSTREAM_KEY"
	isSecure     = "SEKISHO_GATEWAY_TLS_TERMINATED"
	origins      = "SEKISHO_ALLOWED_ORIGINS"
)

// Settings of the gateway.
type Settings struct {
	// Address to listen on.
	Listen string
	// Target of gRPC.
	Upstream string
	// Of the connection to Sekisho; nil without it.
	TLS *tls.Config
	// Whether callers come by TLS, which a proxy ends.
	IsSecure bool
	// Pages of these may call.
	Origins []string
}

// Read gives the settings, or every fault by the setting's name.
func Read(lookup func(string) string) (Settings, error) {
	get := func(name, fallback string) string {
		if value := lookup(name); value != "" {
			return value
		}
		return fallback
	}
	settings := Settings{Listen: get(listen, "127.0.0.1:8081"), Origins: list(lookup(origins))}
	var faults [4]error
	if _, _, err := net.SplitHostPort(settings.Listen); err != nil {
		faults[0] = fmt.Errorf("%s: not an address with a port", listen)
	}
	var isTLS bool
	settings.Upstream, isTLS, faults[1] = target(get(upstream, "http://127.0.0.1:8080"))
	if isTLS {
		settings.TLS, faults[2] = secure(lookup(upstreamCA), lookup(upstreamCert), lookup(upstreamKey))
	} else if lookup(upstreamCA)+lookup(upstreamCert)+lookup(upstreamKey) != "" {
		faults[2] = fmt.Errorf("%s: not https, but there are certificates for it", upstream)
	}
	switch get(isSecure, "false") {
	case "true":
		settings.IsSecure = true
	case "false":
	default:
		faults[3] = fmt.Errorf("%s: true or false", isSecure)
	}
	return settings, errors.Join(faults[:]...)
}

func list(text string) (items []string) {
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// target makes the address of gRPC of a URL. The name is looked up anew when a
// connection ends, and all its addresses are used.
func target(text string) (target string, isTLS bool, err error) {
	parsed, err := url.Parse(text)
	isPlain := err == nil && parsed.User == nil && strings.Trim(parsed.Path, "/") == "" && parsed.RawQuery == ""
	if !isPlain || parsed.Port() == "" || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return "", false, fmt.Errorf("%s: not http://host:port or https://host:port", upstream)
	}
	return "dns:///" + parsed.Host, parsed.Scheme == "https", nil
}

func secure(authorities, certificate, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities != "" {
		text, err := os.ReadFile(authorities)
		config.RootCAs = x509.NewCertPool()
		if err != nil || !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no PEM file of certificates", upstreamCA)
		}
	}
	if certificate != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: no certificate and its key", upstreamCert, upstreamKey)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
