package meant

import "strings"

// Language is the tag of the language that was probably meant by its name, its country or an abbreviation: “англ”, “Russian”, “ua”; or "".
func Language(word string) string {
	w := strings.ToLower(strings.TrimSpace(word))
	if tag := languagesSaid[w]; tag != "" {
		return tag
	}
	return languagesSaid[Word(w, languageNames)]
}

// languagesSaid are names of languages, and of countries for theirs, by the tags of the languages.
var languagesSaid, languageNames = func() (map[string]string, []string) {
	tags, names := map[string]string{}, []string(nil)
	for other, ours := range table(`
en: english английский англ анг eng engl us gb usa
ru: russian русский рус russisch russe
uk: ukrainian украинский українська укр ua
be: belarusian белорусский беларуская by
kk: kazakh казахский қазақша kz
de: german deutsch немецкий нем ger
fr: french français francais французский
es: spanish español espanol испанский
it: italian italiano итальянский
pt: portuguese português portugues португальский
pl: polish polski польский
cs: czech čeština чешский cz
sk: slovak словацкий
sr: serbian српски сербский
bg: bulgarian български болгарский
ro: romanian română румынский
hu: hungarian magyar венгерский
nl: dutch nederlands нидерландский голландский
sv: swedish svenska шведский
da: danish dansk датский dk
no: norwegian norsk норвежский
fi: finnish suomi финский
et: estonian eesti эстонский
lv: latvian latviešu латышский
lt: lithuanian lietuvių литовский
el: greek ελληνικά греческий gr
tr: turkish türkçe turkce турецкий
he: hebrew עברית иврит
ar: arabic العربية арабский
fa: persian farsi персидский
hy: armenian հայերեն армянский
ka: georgian ქართული грузинский
az: azerbaijani azərbaycan азербайджанский
uz: uzbek oʻzbek узбекский
ky: kyrgyz кыргызча киргизский
tg: tajik тоҷикӣ таджикский tj
tt: tatar татарча татарский
hi: hindi हिन्दी хинди
zh: chinese 中文 китайский cn
ja: japanese 日本語 японский jp
ko: korean 한국어 корейский kr
vi: vietnamese вьетнамский vn
th: thai тайский
id: indonesian индонезийский
`) {
		tags[other] = ours[0]
		if len([]rune(other)) > 3 {
			names = append(names, other)
		}
	}
	return tags, names
}()
