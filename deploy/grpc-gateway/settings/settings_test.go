package settings

import (
	"strings"
	"testing"
)

func read(t *testing.T, pairs map[string]string) (Settings, error) {
	t.Helper()
	return Read(func(name string) string { return pairs[name] })
}

func TestDefaultsAreThoseOfDev(t *testing.T) {
	settings, err := read(t, nil)
	if err != nil || settings.Listen != "127.0.0.1:8081" || settings.Upstream != "dns:///127.0.0.1:8080" || settings.TLS != nil {
		t.Errorf("%+v %v", settings, err)
	}
}

func TestHTTPSIsTLS(t *testing.T) {
	settings, err := read(t, map[string]string{upstream: "https://auth.internal:443/", origins: "https://a.example, https://b.example"})
	if err != nil || settings.TLS == nil || len(settings.Origins) != 2 {
		t.Errorf("%+v %v", settings, err)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	_, err := read(t, map[string]string{listen: "8081", upstream: "auth.internal:8080", isSecure: "yes"})
	for _, name := range []string{listen, upstream, isSecure} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not in %v", name, err)
		}
	}
	for name, value := range map[string]string{
		upstream:     "https://user:secret@auth.internal:443",
		upstreamCA:   "/nowhere.pem",
		upstreamCert: "/nowhere.pem",
	} {
		pairs := map[string]string{upstream: "https://auth.internal:443"}
		pairs[name] = value
		if _, err := read(t, pairs); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if _, err := read(t, map[string]string{upstreamCA: "/nowhere.pem"}); err == nil {
		t.Error("certificates for a connection without TLS")
	}
}
