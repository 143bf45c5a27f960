package front

import "sekisho/grpc-gateway/refusal"

const (
	// More would make the answer larger than the request.
	maxFaults = 16
	maxName   = 64
)

type faults []refusal.Violation

func (f *faults) add(field, rule string) {
	if len(*f) < maxFaults {
		*f = append(*f, refusal.Violation{Field: field, Rule: rule})
	}
}

func (f faults) refusal() *refusal.Refusal {
	if len(f) == 0 {
		return nil
	}
	return &refusal.Refusal{Reason: refusal.Validation, Fields: f}
}

// printable is the start of a name that the caller made up; whole where it is not safe
// to show.
func printable(name, whole string) string {
	if name == "" {
		return whole
	}
	for i := range len(name) {
		if name[i] < '!' || name[i] > '~' {
			return whole
		}
	}
	return name[:min(len(name), maxName)]
}
