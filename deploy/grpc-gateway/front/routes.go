// Package front stands before grpc-gateway and refuses what Sekisho's own REST surface
// refuses before a call is made. grpc-gateway by itself would let much of it pass: an
// unknown parameter, a field that is given twice, a body where none is wanted.
package front

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sekisho/grpc-gateway/refusal"
)

// Routes are those of the proto, the more specific first.
type Routes []*route

type route struct {
	method string
	// A literal, or a variable in braces.
	segments []string
	hasBody  bool
	input    protoreflect.MessageDescriptor
}

// ReadRoutes reads the google.api.http options of a package whose stubs are linked in.
func ReadRoutes(pkg protoreflect.FullName) (routes Routes, err error) {
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if err = routes.add(methods.Get(j)); err != nil {
					return false
				}
			}
		}
		return true
	})
	slices.SortFunc(routes, bySpecificity)
	return routes, err
}

func (r *Routes) add(method protoreflect.MethodDescriptor) error {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil
	}
	for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		route, err := read(rule, method.Input())
		if err != nil {
			return fmt.Errorf("%s: %w", method.FullName(), err)
		}
		*r = append(*r, route)
	}
	return nil
}

func read(rule *annotations.HttpRule, input protoreflect.MessageDescriptor) (*route, error) {
	var method, path string
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		method, path = "GET", pattern.Get
	case *annotations.HttpRule_Put:
		method, path = "PUT", pattern.Put
	case *annotations.HttpRule_Post:
		method, path = "POST", pattern.Post
	case *annotations.HttpRule_Delete:
		method, path = "DELETE", pattern.Delete
	case *annotations.HttpRule_Patch:
		method, path = "PATCH", pattern.Patch
	}
	isPlain := !strings.ContainsAny(path, "*=:") && strings.HasPrefix(path, "/")
	if !isPlain || rule.GetResponseBody() != "" || (rule.GetBody() != "" && rule.GetBody() != "*") {
		return nil, fmt.Errorf("%q: a rule of a form that is not known here", path)
	}
	route := &route{method, strings.Split(path[1:], "/"), rule.GetBody() == "*", input}
	return route, route.understood()
}

func bySpecificity(a, b *route) int {
	return cmp.Or(
		slices.CompareFunc(a.segments, b.segments, func(a, b string) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
		}),
		cmp.Compare(a.method, b.method),
	)
}

func rank(segment string) int {
	if isVariable(segment) {
		return 1
	}
	return 0
}

func isVariable(segment string) bool { return strings.HasPrefix(segment, "{") }

// find gives the route of a path as it was sent, with the raw values of its variables.
func (r Routes) find(method, path string) (*route, map[string]string, *refusal.Refusal) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, segment := range segments {
		// Paths are not normalised: who does it differently must not slip past.
		if segment == "" || segment == "." || segment == ".." {
			return nil, nil, &refusal.Refusal{Reason: refusal.NotFound}
		}
	}
	var allowed []string
	for _, route := range r {
		values, fits := route.fit(segments)
		switch {
		case fits && (route.method == method || route.method == "GET" && method == "HEAD"):
			return route, values, nil
		case fits:
			allowed = append(allowed, route.method)
		}
	}
	return nil, nil, notRouted(allowed)
}

// Literals are compared undecoded: what a proxy in front has matched by its rules is then
// the same as what is matched here.
func (r *route) fit(segments []string) (map[string]string, bool) {
	if len(segments) != len(r.segments) {
		return nil, false
	}
	values := map[string]string{}
	for i, own := range r.segments {
		switch {
		case isVariable(own):
			values[strings.Trim(own, "{}")] = segments[i]
		case own != segments[i]:
			return nil, false
		}
	}
	return values, true
}

func notRouted(allowed []string) *refusal.Refusal {
	if len(allowed) == 0 {
		return &refusal.Refusal{Reason: refusal.NotFound}
	}
	if slices.Contains(allowed, "GET") {
		allowed = append(allowed, "HEAD")
	}
	slices.Sort(allowed)
	return &refusal.Refusal{Reason: refusal.MethodNotAllowed, Allow: strings.Join(slices.Compact(allowed), ", ")}
}
