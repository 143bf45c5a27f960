package front

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sekisho/grpc-gateway/refusal"
)

const (
	// Bytes of a body.
	maxBody = 64 << 10
	// How much of a longer one is read and dropped, and for how long.
	maxDrained = 2 << 20
	drainTime  = 2 * time.Second
)

// readBody gives the JSON of a request, which is empty where there is none.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal.Refusal) {
	types := r.Header.Values("Content-Type")
	if len(types) > 0 && !isJSON(types) || len(r.Header.Values("Content-Encoding")) > 0 {
		return nil, &refusal.Refusal{Reason: refusal.UnsupportedMediaType}
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		// The caller broke off, and will hardly read this.
		return nil, refusal.Invalid("body", refusal.InvalidJSON)
	case len(text) > maxBody:
		drain(w, r.Body)
		return nil, &refusal.Refusal{Reason: refusal.TooLarge}
	case len(text) > 0 && len(types) == 0:
		return nil, &refusal.Refusal{Reason: refusal.UnsupportedMediaType}
	}
	return text, nil
}

// drain reads on for a while, for a caller over HTTP/1.1 that is still sending does not
// see the answer: the connection is reset under it.
func drain(w http.ResponseWriter, body io.Reader) {
	// However it ends, the answer is the same.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime))
	_, _ = io.CopyN(io.Discard, body, maxDrained)
}

func refuseBody(r *http.Request) *refusal.Refusal {
	if count, _ := io.ReadFull(r.Body, make([]byte, 1)); count > 0 {
		return refusal.Invalid("body", refusal.UnknownField)
	}
	return nil
}

func isJSON(types []string) bool {
	parts := strings.Split(types[0], ";")
	for i, part := range parts {
		parts[i] = strings.ToLower(strings.TrimSpace(part))
	}
	isUTF8 := func(parameter string) bool {
		return parameter == "charset=utf-8" || parameter == `charset="utf-8"`
	}
	isOther := func(parameter string) bool { return !isUTF8(parameter) }
	return len(types) == 1 && parts[0] == "application/json" && !slices.ContainsFunc(parts[1:], isOther)
}

// body checks the members of a JSON object. It gives the texts that they have, by their
// fields' names.
func (r *route) body(text []byte, faults *faults) (map[string]string, *refusal.Refusal) {
	if len(text) == 0 {
		return nil, nil
	}
	root, ok := parse(text)
	if !ok || root.kind != jsontext.KindBeginObject {
		return nil, refusal.Invalid("body", refusal.InvalidJSON)
	}
	texts, seen := map[string]string{}, map[string]bool{}
	for _, member := range root.members {
		field := r.member(member.name)
		if field == nil {
			faults.add(printable(member.name, "body"), refusal.UnknownField)
			continue
		}
		name := string(field.Name())
		if seen[name] {
			faults.add(name, refusal.Repeated)
			continue
		}
		seen[name], texts[name] = true, member.value.text
		checkMember(field, member.value, faults)
	}
	return texts, nil
}

func checkMember(field protoreflect.FieldDescriptor, value node, faults *faults) {
	name := string(field.Name())
	switch {
	case value.kind == jsontext.KindNull:
	case !field.IsList():
		checkType(field, value, name, faults)
	case value.kind != jsontext.KindBeginArray:
		faults.add(name, refusal.WrongType)
	default:
		for i, item := range value.items {
			checkType(field, item, fmt.Sprintf("%s[%d]", name, i), faults)
		}
	}
}

func checkType(field protoreflect.FieldDescriptor, value node, name string, faults *faults) {
	isText := value.kind == jsontext.KindString
	isTruth := value.kind == jsontext.KindTrue || value.kind == jsontext.KindFalse
	if isText != (field.Kind() == protoreflect.StringKind) || isTruth != (field.Kind() == protoreflect.BoolKind) {
		faults.add(name, refusal.WrongType)
	}
}
