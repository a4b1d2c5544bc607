package demo

// Cast is the scripted community: both languages, both channels, one who falls silent, one who has blocked the bot, one who stops.
func Cast() []*Player {
	en := []Answer{
		{Question: "How does speaking feel", Say: "I am just beginning", Value: "a1"},
		{Question: "talk about in three months", Say: "Travelling, and small talk at work"},
		{Question: "spoken with somebody", Say: "Yes", Value: "true"},
		{Question: " of 14", Record: "en"},
		{Question: "How were the tasks", Say: "Just right", Value: "right"},
		{Question: "How likely are you to recommend", Say: "9"},
		{Question: "main reason for your score", Say: "The people are kind"},
		{Question: "What should we work on first", Say: "Topics|Finding a partner", Value: "topics|partners"},
		{Question: "May a person write to you", Say: "Yes", Value: "true"},
	}
	ru := []Answer{
		{Question: "Как тебе говорить", Say: "Могу объясниться", Value: "b1"},
		{Question: "О чём хочется уметь говорить", Say: "О книгах и о <b>кино</b> & друзьях"},
		{Question: "поговорить", Say: "Нет", Value: "false"},
		{Question: " из 14", Record: "ru"},
		{Question: "Как тебе задания", Say: "Слишком простые", Value: "easy"},
		{Question: "Порекомендуешь ли ты", Say: "6"},
		{Question: "Почему именно такая оценка", Say: "Мало времени по вечерам"},
		{Question: "Над чем поработать", Say: "Время встреч|Приложение", Value: "times|app"},
		{Question: "Можно ли нам написать", Say: "Нет", Value: "false"},
	}
	cast := []*Player{
		{Name: "Emma", Language: "en", Zone: "Europe/London", ID: "u-emma", Chat: 1001, Answers: en},
		{Name: "Аня", Language: "ru", Zone: "Asia/Tbilisi", ID: "u-anya", Chat: 1002, Answers: ru},
		{Name: "Ben", Language: "en", Zone: "America/New_York", ID: "u-ben", Email: "ben@example.org", Answers: en},
		{Name: "Борис", Language: "ru", Zone: "Asia/Vladivostok", ID: "u-boris", Email: "boris@example.org", Answers: ru},
		{Name: "Sam", Language: "en", Zone: "Europe/Berlin", ID: "u-silent", Chat: 1003},
		{Name: "Вера", Language: "ru", Zone: "Europe/Moscow", ID: "u-vera", Chat: 1004, Email: "vera@example.org", Blocked: true, Answers: ru},
		{Name: "Kit", Language: "en", Zone: "Europe/Paris", ID: "", Chat: 1005, Answers: en},
	}
	for _, p := range cast {
		p.given = map[string]int{}
	}
	return cast
}
