package templates

import (
	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/az"
	"github.com/go-playground/locales/be"
	"github.com/go-playground/locales/bg"
	"github.com/go-playground/locales/bn"
	"github.com/go-playground/locales/bs"
	"github.com/go-playground/locales/ca"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/da"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/de_AT"
	"github.com/go-playground/locales/de_CH"
	"github.com/go-playground/locales/el"
	"github.com/go-playground/locales/es"
	"github.com/go-playground/locales/es_419"
	"github.com/go-playground/locales/es_CR"
	"github.com/go-playground/locales/es_MX"
	"github.com/go-playground/locales/et"
	"github.com/go-playground/locales/fa"
	"github.com/go-playground/locales/fi"
	"github.com/go-playground/locales/fr"
	"github.com/go-playground/locales/fr_CH"
	"github.com/go-playground/locales/gl"
	"github.com/go-playground/locales/he"
	"github.com/go-playground/locales/hi"
	"github.com/go-playground/locales/hr"
	"github.com/go-playground/locales/hu"
	"github.com/go-playground/locales/hy"
	"github.com/go-playground/locales/id"
	"github.com/go-playground/locales/is"
	"github.com/go-playground/locales/it"
	"github.com/go-playground/locales/it_CH"
	"github.com/go-playground/locales/ja"
	"github.com/go-playground/locales/ka"
	"github.com/go-playground/locales/kk"
	"github.com/go-playground/locales/ko"
	"github.com/go-playground/locales/ky"
	"github.com/go-playground/locales/lt"
	"github.com/go-playground/locales/lv"
	"github.com/go-playground/locales/mk"
	"github.com/go-playground/locales/nb"
	"github.com/go-playground/locales/nl"
	"github.com/go-playground/locales/nn"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/pt"
	"github.com/go-playground/locales/pt_PT"
	"github.com/go-playground/locales/ro"
	"github.com/go-playground/locales/sk"
	"github.com/go-playground/locales/sl"
	"github.com/go-playground/locales/sq"
	"github.com/go-playground/locales/sr"
	"github.com/go-playground/locales/sr_Latn"
	"github.com/go-playground/locales/sv"
	"github.com/go-playground/locales/tg"
	"github.com/go-playground/locales/th"
	"github.com/go-playground/locales/tr"
	"github.com/go-playground/locales/uk"
	"github.com/go-playground/locales/uz"
	"github.com/go-playground/locales/uz_Cyrl"
	"github.com/go-playground/locales/vi"
	"github.com/go-playground/locales/zh"
	"github.com/go-playground/locales/zh_Hant"
)

// languages are those whose months, days and separators are read from the CLDR, beside English and Russian, which are written here. A key is a base language, with the
// region or the script where that has words or separators of its own.
var languages = map[string]func() locales.Translator{
	"ar":      ar.New,
	"az":      az.New,
	"be":      be.New,
	"bg":      bg.New,
	"bn":      bn.New,
	"bs":      bs.New,
	"ca":      ca.New,
	"cs":      cs.New,
	"da":      da.New,
	"de":      de.New,
	"de-AT":   de_AT.New,
	"de-CH":   de_CH.New,
	"el":      el.New,
	"es":      es.New,
	"es-419":  es_419.New,
	"es-CR":   es_CR.New,
	"es-MX":   es_MX.New,
	"et":      et.New,
	"fa":      fa.New,
	"fi":      fi.New,
	"fr":      fr.New,
	"fr-CH":   fr_CH.New,
	"gl":      gl.New,
	"he":      he.New,
	"hi":      hi.New,
	"hr":      hr.New,
	"hu":      hu.New,
	"hy":      hy.New,
	"id":      id.New,
	"is":      is.New,
	"it":      it.New,
	"it-CH":   it_CH.New,
	"ja":      ja.New,
	"ka":      ka.New,
	"kk":      kk.New,
	"ko":      ko.New,
	"ky":      ky.New,
	"lt":      lt.New,
	"lv":      lv.New,
	"mk":      mk.New,
	"nb":      nb.New,
	"nl":      nl.New,
	"nn":      nn.New,
	"pl":      pl.New,
	"pt":      pt.New,
	"pt-PT":   pt_PT.New,
	"ro":      ro.New,
	"sk":      sk.New,
	"sl":      sl.New,
	"sq":      sq.New,
	"sr":      sr.New,
	"sr-Latn": sr_Latn.New,
	"sv":      sv.New,
	"tg":      tg.New,
	"th":      th.New,
	"tr":      tr.New,
	"uk":      uk.New,
	"uz":      uz.New,
	"uz-Cyrl": uz_Cyrl.New,
	"vi":      vi.New,
	"zh":      zh.New,
	"zh-Hant": zh_Hant.New,
}
