package front

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sekisho/grpc-gateway/refusal"
)

// query reads a raw query. What it gives says the same in the one way that everybody
// reads alike.
func (r *route) query(raw string, faults *faults) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, ok := decodeForm(key)
		if !ok {
			faults.add("query", refusal.Malformed)
			continue
		}
		field := r.parameter(key)
		if field == nil {
			faults.add(printable(key, "query"), refusal.UnknownField)
			continue
		}
		name := string(field.Name())
		if values.Has(name) {
			faults.add(name, refusal.Repeated)
			continue
		}
		text, rule := readText(field, value)
		if rule != "" {
			faults.add(name, rule)
		}
		values.Set(name, text)
	}
	return values
}

func (r *route) parameter(key string) protoreflect.FieldDescriptor {
	field := r.member(key)
	if field == nil || r.hasBody || r.isBound(field) {
		return nil
	}
	return field
}

func readText(field protoreflect.FieldDescriptor, raw string) (value, rule string) {
	text, ok := decodeForm(raw)
	if !ok {
		return "", refusal.Malformed
	}
	read, _ := textual(field) // There is one: understood.
	return read(text)
}

func decodeForm(text string) (string, bool) { return decode(strings.ReplaceAll(text, "+", " ")) }

// decode leaves a percent sign that begins no code as it is; false where the bytes are
// not UTF-8.
func decode(text string) (string, bool) {
	var decoded strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if code, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				decoded.WriteByte(byte(code))
				i += 2
				continue
			}
		}
		decoded.WriteByte(text[i])
	}
	return decoded.String(), utf8.ValidString(decoded.String())
}
