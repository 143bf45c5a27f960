package refusal

import (
	"errors"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// The default first.
var languages = []string{"en", "ja"}

const maxRanges = 32

// negotiate picks the first language of ours in an Accept-Language list (RFC 9110,
// section 12.5.4), by weight and then by order.
func negotiate(list string) string {
	type wish struct {
		language string
		weight   float64
	}
	var wishes []wish
	if strings.IndexFunc(list, func(char rune) bool { return char > unicode.MaxASCII }) >= 0 {
		return languages[0]
	}
	for _, item := range head(strings.Split(list, ","), maxRanges) {
		tag, quality, weighted := strings.Cut(item, ";q=")
		weight := 1.0
		if weighted {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(quality), 32)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				continue
			}
			weight = parsed
		}
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		if language := strings.ToLower(primary); weight > 0 && known(language) {
			wishes = append(wishes, wish{language, weight})
		}
	}
	sort.SliceStable(wishes, func(a, b int) bool { return wishes[a].weight > wishes[b].weight })
	if len(wishes) == 0 {
		return languages[0]
	}
	return wishes[0].language
}

func known(language string) bool {
	for _, ours := range languages {
		if language == ours {
			return true
		}
	}
	return false
}

func head(items []string, most int) []string {
	return items[:min(len(items), most)]
}
