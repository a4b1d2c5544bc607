package campaigns

// Turns reports whether the character sets the direction in which text around it runs (UAX #9: embeddings, overrides, isolates and their ends). What somebody wrote is
// shown without them: one that nobody ends turns around the words behind it.
func Turns(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
