package demo

import "math/rand/v2"

// sentences are what members type, by language.
var sentences = map[string][]string{
	"en": {
		"Travelling, and small talk at work", "Books and films, without looking for words", "I want to call my landlord without fear", "My job interviews",
		"Food. And how to order it", "Talking with my neighbours", "Jokes, so that somebody laughs", "Football with my nephew",
	},
	"ru": {
		"О книгах и о кино", "Хочу спокойно звонить по телефону", "О работе, без словаря", "Понимать шутки и шутить в ответ", "Рассказывать о своём городе",
		"О путешествиях и о еде", "Говорить с соседями по дому", "Проходить собеседования",
	},
}

var reasons = map[string][]string{
	"en": {
		"The people are kind", "I dare to speak now", "The tasks fit into my evening", "Too many messages in one evening", "My pair went quiet after a week",
		"Short tasks, no grades", "I would like more topics about work", "The time zone makes meetings hard",
	},
	"ru": {
		"Люди добрые", "Теперь не страшно говорить", "Задания короткие, успеваю вечером", "Много сообщений за один вечер", "Собеседник пропал через неделю",
		"Никто не ставит оценок", "Хочется больше тем о работе", "Неудобное время встреч",
	},
}

var remarks = map[string][]string{
	"en": {"Can I join the Thursday club from my phone?", "Thank you, this was fun", "My microphone was broken yesterday", "Is there a club on weekends?"},
	"ru": {"А можно прийти в клуб с телефона?", "Спасибо, было здорово", "Вчера не работал микрофон", "А по выходным клуб бывает?"},
}

// score is how people answer "would you recommend us": mostly well.
func score(r *rand.Rand) int { return pick(r, []int{10, 10, 10, 9, 9, 9, 9, 8, 8, 8, 7, 7, 6, 5, 3}) }
