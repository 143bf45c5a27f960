// Package refusal answers callers who are refused as Sekisho's own REST surface does:
// the same status, headers and JSON.
package refusal

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// The tests of Sekisho make it from the table that its own surfaces answer by.
//
//go:embed words.json
var wordsJSON []byte

type texts map[string]string

type reason struct {
	HTTP     int   `json:"http"`
	Messages texts `json:"messages"`
}

var words = mustRead()

type dictionary struct {
	Domain  string            `json:"domain"`
	Reasons map[string]reason `json:"reasons"`
	Rules   map[string]texts  `json:"rules"`
}

func mustRead() (words dictionary) {
	if err := json.Unmarshal(wordsJSON, &words); err != nil {
		panic(fmt.Sprintf("words.json: %v", err))
	}
	return words
}
