package front

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"sekisho/grpc-gateway/refusal"
)

const timestamp protoreflect.FullName = "google.protobuf.Timestamp"

// understood makes sure that a request has no field of a kind that is not checked: else
// one that is added to the proto would be let through unseen.
func (r *route) understood() error {
	fields := r.input.Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		_, isText := textual(field)
		isJSON := field.Kind() == protoreflect.StringKind || field.Kind() == protoreflect.BoolKind
		if r.hasBody && (!isJSON || field.IsMap()) || !r.hasBody && (!isText || field.IsList()) {
			return fmt.Errorf("field %s: its kind is not known here", field.Name())
		}
	}
	return nil
}

// member is the field that a member of JSON or a parameter names, by either of its names.
func (r *route) member(name string) protoreflect.FieldDescriptor {
	fields := r.input.Fields()
	if field := fields.ByName(protoreflect.Name(name)); field != nil {
		return field
	}
	return fields.ByJSONName(name)
}

// isBound says whether the path has the field.
func (r *route) isBound(field protoreflect.FieldDescriptor) bool {
	for _, segment := range r.segments {
		if segment == "{"+string(field.Name())+"}" {
			return true
		}
	}
	return false
}

// textual gives the reader of a field's values in texts: what grpc-gateway reads as the
// same value, or the rule that is broken.
func textual(field protoreflect.FieldDescriptor) (func(text string) (value, rule string), bool) {
	switch {
	case field.Kind() == protoreflect.StringKind:
		return func(text string) (string, string) { return text, "" }, true
	case field.Kind() == protoreflect.BoolKind:
		return boolean, true
	case field.Kind() == protoreflect.Uint32Kind:
		return unsigned, true
	case field.Message() != nil && field.Message().FullName() == timestamp:
		return moment, true
	}
	return nil, false
}

func boolean(text string) (string, string) {
	if text != "true" && text != "false" {
		return "", refusal.WrongType
	}
	return text, ""
}

func unsigned(text string) (string, string) {
	number, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 32)
	if err != nil {
		return "", refusal.WrongType
	}
	return strconv.FormatUint(number, 10), ""
}

// Go reads more than RFC 3339 has: a comma before the fraction, and zones of any number
// of hours.
var isMoment = regexp.MustCompile(`\A[^,]*(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z`).MatchString

func moment(text string) (string, string) {
	var value timestamppb.Timestamp
	if !isMoment(text) || protojson.Unmarshal([]byte(strconv.Quote(text)), &value) != nil {
		return "", refusal.Malformed
	}
	return value.AsTime().Format(time.RFC3339Nano), ""
}
