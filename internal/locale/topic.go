package locale

// Topic is a topic's name in the language: topics are keys that a community chooses, and the usual ones have words. Any other is its own name.
func Topic(lang, topic string) string {
	if key := "topic." + topic; Has(key) {
		return T(lang, key, nil)
	}
	return topic
}
