package refusal

import "testing"

func TestTheHeaviestKnownLanguageWins(t *testing.T) {
	for list, wanted := range map[string]string{
		"ja":                       "ja",
		"ja-JP,en;q=0.9":           "ja",
		"fr, en;q=0.4, ja;q=0.8":   "ja",
		"en-GB,ja":                 "en",
		"ja;q=0":                   "en",
		"*":                        "en",
		"":                         "en",
		"ja;q=much":                "en",
		"fr;q=1, ja;q=0.1, de;q=2": "ja",
	} {
		if got := negotiate(list); got != wanted {
			t.Errorf("%q: %s", list, got)
		}
	}
}
