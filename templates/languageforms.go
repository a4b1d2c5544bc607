package templates

// What the library's data does not have, from the CLDR: how a day and its month stand beside each other (skeletons MMMMd and MMMd), and the months that stand alone
// (stand-alone, wide) where they differ from those beside a day.

const (
	dayMonth      = "%-d\u00a0%B"
	dayShortMonth = "%-d\u00a0%b"
	dottedDay     = "%-d.\u00a0%B"
	dottedShort   = "%-d.\u00a0%b"
)

// patterns are those of a day and its month, long and short, where they are not the usual ones.
var patterns = map[string][2]string{
	"bs": {dottedDay, dottedShort}, "da": {dottedDay, dottedShort}, "de": {dottedDay, dottedShort}, "et": {dottedDay, dottedShort}, "hr": {dottedDay, dottedShort},
	"is": {dottedDay, dottedShort}, "lv": {dottedDay, dottedShort}, "nb": {dottedDay, dottedShort}, "nn": {dottedDay, dottedShort}, "sl": {dottedDay, dottedShort},
	"sr": {dottedDay, dottedShort}, "cs": {dottedDay, "%-d.\u00a0%-m."}, "sk": {dottedDay, "%-d.\u00a0%-m."}, "fi": {dottedDay, "%-d.%-m."},
	"es": {"%-d\u00a0de\u00a0%B", dayShortMonth}, "gl": {"%-d\u00a0de\u00a0%B", "%-d\u00a0de\u00a0%b"}, "pt": {"%-d\u00a0de\u00a0%B", "%-d\u00a0de\u00a0%b"},
	"hu": {"%B\u00a0%-d.", "%b\u00a0%-d."}, "lt": {"%B\u00a0%-d\u00a0d.", "%m-%d"},
	"ky": {"%-d-%B", "%-d-%b"}, "uz": {"%-d-%B", "%-d-%b"}, "he": {"%-d\u00a0ב%B", "%-d\u00a0ב%b"},
	"ja": {"%-m月%-d日", "%-m月%-d日"}, "zh": {"%-m月%-d日", "%-m月%-d日"}, "ko": {"%-m월\u00a0%-d일", "%-m월\u00a0%-d일"},
}

// monthsAlone are the months without a day before them, of languages that inflect them beside one.
var monthsAlone = map[string]string{
	"be": "студзень люты сакавік красавік май чэрвень ліпень жнівень верасень кастрычнік лістапад снежань",
	"ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
	"cs": "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
	"el": "Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος",
	"fi": "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
	"hr": "siječanj veljača ožujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac",
	"hy": "հունվար փետրվար մարտ ապրիլ մայիս հունիս հուլիս օգոստոս սեպտեմբեր հոկտեմբեր նոյեմբեր դեկտեմբեր",
	"lt": "sausis vasaris kovas balandis gegužė birželis liepa rugpjūtis rugsėjis spalis lapkritis gruodis",
	"pl": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
	"sk": "január február marec apríl máj jún júl august september október november december",
	"uk": "січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень",
}

// shortMonthsAlone are the short ones of those that write them differently.
var shortMonthsAlone = map[string]string{
	"ca": "gen. febr. març abr. maig juny jul. ag. set. oct. nov. des.",
}

// westernDigits are the separators (numbering system latn) of languages whose own stand between other digits than the ones that we write.
var westernDigits = map[string]separators{"ar": {",", ".", 3}, "fa": {",", ".", 3}, "uz-Cyrl": neutral}
