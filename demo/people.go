package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Character says how somebody behaves.
type Character struct {
	Answers  float64       // how likely a question is answered
	Speaks   float64       // how likely a day's task is done
	Min, Max time.Duration // how long they take
	Writes   float64       // how likely they write something that nobody asked for
	Leaves   Leaving
}

// Leaving is how somebody goes.
type Leaving string

// The ways to go.
const (
	Stays  Leaving = ""
	Blocks Leaving = "blocks" // blocks the bot after some days
	Stops  Leaving = "stops"  // says /stop
)

var characters = []struct {
	share int
	Character
}{
	{34, Character{Answers: 0.98, Speaks: 0.95, Min: 2 * time.Minute, Max: 3 * time.Hour, Writes: 0.03}},
	{38, Character{Answers: 0.85, Speaks: 0.7, Min: 10 * time.Minute, Max: 9 * time.Hour, Writes: 0.02}},
	{14, Character{Answers: 0.5, Speaks: 0.35, Min: 3 * time.Hour, Max: 26 * time.Hour}},
	{9, Character{Answers: 0.04, Speaks: 0.02, Min: time.Hour, Max: 20 * time.Hour}},
	{3, Character{Answers: 0.7, Speaks: 0.5, Min: time.Hour, Max: 8 * time.Hour, Leaves: Blocks}},
	{2, Character{Answers: 0.6, Speaks: 0.3, Min: time.Hour, Max: 8 * time.Hour, Leaves: Stops}},
}

func character(r *rand.Rand) Character {
	n := r.IntN(100)
	for _, c := range characters {
		if n -= c.share; n < 0 {
			return c.Character
		}
	}
	return characters[0].Character
}

// names go with each other whoever bears them: a surname that has a gender in Russian is none of these.
var names = map[string]struct{ first, last []string }{
	"en": {
		strings.Fields("Emma Oliver Sofia Liam Maya Noah Chloe Lucas Hana Mateo Ines Jonas Amara Felix Yuki Diego Freya Omar Nora Theo Leila Hugo Priya Elif Kofi Greta Tomas Aisha Milan Clara"),
		strings.Fields("Hart Silva Novak Okafor Tanaka Weber Moreau Garcia Lind Rossi Haddad Kowalski Duarte Brandt Mensah Sato Larsen Petit Costa Murphy"),
	},
	"ru": {
		strings.Fields("Аня Борис Вера Глеб Дина Егор Женя Зоя Игорь Катя Лев Марина Нино Олег Полина Руслан Соня Тимур Ульяна Фёдор Айгерим Данияр Гульнара Армен Лейла Мирон Тая Рената Степан Ясмин"),
		strings.Fields("Беридзе Ким Бондаренко Тулеген Сулейман Петросян Волк Гай Литвин Черных Мельник Ланге Шевчук Карим Долгих Живаго Абай Цой Рихтер Лунь"),
	},
}

var zones = map[string][]string{
	"en": {"Europe/London", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Tokyo", "Europe/Lisbon"},
	"ru": {"Europe/Moscow", "Asia/Almaty", "Asia/Tbilisi", "Asia/Yekaterinburg", "Europe/Belgrade", "Asia/Vladivostok"},
}

// Person is one member of the sample community.
type Person struct {
	ID, First, Last string
	Language, Zone  string
	Chat            int64  // 0: no Telegram
	Email           string // empty: no mail
	Character       Character
}

// Name is the whole name.
func (p *Person) Name() string { return p.First + " " + p.Last }

// firstChat is the first of the sample community's accounts.
const firstChat = 700_001

// People makes the sample community; the same number gives the same people. Half read English and half Russian; of ten, five have Telegram alone,
// two mail alone and three both.
func People(n int) []*Person {
	var out []*Person
	for i := range n {
		r := rand.New(rand.NewPCG(20261123, uint64(i)))
		lang := []string{"en", "ru"}[i%2]
		p := &Person{
			ID: fmt.Sprintf("speaklingua-%03d", i+1), Language: lang, Zone: pick(r, zones[lang]),
			First: names[lang].first[i/2%len(names[lang].first)], Last: names[lang].last[(i/2*7+i/60)%len(names[lang].last)], Character: character(r),
		}
		if kind := i / 2 % 10; kind < 8 {
			p.Chat = firstChat + int64(i)
		}
		if kind := i / 2 % 10; kind >= 5 {
			p.Email = fmt.Sprintf("member%03d@example.org", i+1)
		}
		if p.Chat == 0 && p.Character.Leaves == Blocks {
			p.Character.Leaves = Stays
		}
		out = append(out, p)
	}
	return out
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
