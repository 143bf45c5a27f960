package front

import (
	"bytes"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Of lists and objects in each other.
const maxDepth = 16

// node is a JSON value that still knows members given twice.
type node struct {
	kind    jsontext.Kind
	text    string
	items   []node
	members []member
}

type member struct {
	name  string
	value node
}

// parse reads exactly one JSON value; false where the bytes are anything else, or are
// nested too deep.
func parse(text []byte) (node, bool) {
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	value, ok := readValue(decoder, maxDepth)
	if !ok {
		return node{}, false
	}
	_, err := decoder.ReadToken()
	return value, err == io.EOF
}

func readValue(decoder *jsontext.Decoder, levels int) (node, bool) {
	token, err := decoder.ReadToken()
	if err != nil {
		return node{}, false
	}
	value := node{kind: token.Kind()}
	switch value.kind {
	case jsontext.KindString:
		value.text = token.String()
		return value, true
	case jsontext.KindNumber:
		_, err := strconv.ParseFloat(token.String(), 64)
		return value, err == nil
	case jsontext.KindBeginArray, jsontext.KindBeginObject:
		return value, levels > 0 && readInner(decoder, levels-1, &value)
	}
	return value, true
}

func readInner(decoder *jsontext.Decoder, levels int, outer *node) bool {
	for {
		switch decoder.PeekKind() {
		case jsontext.KindEndArray, jsontext.KindEndObject:
			_, err := decoder.ReadToken()
			return err == nil
		}
		var name string
		if outer.kind == jsontext.KindBeginObject {
			token, err := decoder.ReadToken()
			if err != nil {
				return false
			}
			name = token.String()
		}
		value, ok := readValue(decoder, levels)
		if !ok {
			return false
		}
		outer.items = append(outer.items, value)
		outer.members = append(outer.members, member{name, value})
	}
}
