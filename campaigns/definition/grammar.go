package definition

import "slices"

// The grammar, once: the parser takes its known and required keys from here, and JSONSchema is written from it.

// object describes one mapping of the language.
type object struct {
	name, doc string
	example   string // shown where something else stands
	fields    []field
	// oneOf: exactly one of these keys must be there.
	oneOf []string
	// anyOf: at least one of these keys must be there.
	anyOf []string
}

// field is one key of an object.
type field struct {
	key, doc string
	value    schema
	required bool
}

// schema is a fragment of JSON Schema 2020-12.
type schema map[string]any

func (o *object) keys() []string {
	keys := make([]string, len(o.fields))
	for i, f := range o.fields {
		keys[i] = f.key
	}
	return keys
}

func (o *object) has(key string) bool {
	return slices.ContainsFunc(o.fields, func(f field) bool { return f.key == key })
}

func must(key, doc string, v schema) field {
	return field{key: key, doc: doc, value: v, required: true}
}

func may(key, doc string, v schema) field { return field{key: key, doc: doc, value: v} }

func text() schema { return schema{"type": "string", "minLength": 1} }

func words[T ~string](list []T) schema { return schema{"enum": list} }

func listOf(v schema) schema { return schema{"type": "array", "items": v} }

func filled(v schema) schema { return schema{"type": "array", "items": v, "minItems": 1} }

func whole(low, high int) schema {
	return schema{"type": "integer", "minimum": low, "maximum": high}
}

func anyOf(list ...schema) schema { return schema{"anyOf": list} }

func named(def string) schema { return schema{"$ref": "#/$defs/" + def} }

// scalars are the definitions that are no mappings of fixed keys.
var scalars = map[string]schema{
	"texts": anyOf(
		schema{"type": "string", "minLength": 1, "description": "One text for every language; only in a campaign of one language."},
		schema{
			"type": "object", "minProperties": 1, "propertyNames": schema{"$ref": "#/$defs/language"},
			"additionalProperties": schema{"type": "string", "minLength": 1}, "description": "A text for each language of the campaign.",
		},
	),
	"language":     {"type": "string", "description": "A BCP 47 language tag, such as en or pt-BR.", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"},
	"period":       {"type": "string", "description": "A length of time: 2d (calendar days), 24h, 1d12h, 30m.", "pattern": `^([0-9]+[dhms])+$`},
	"time":         {"type": "string", "description": "A time of day on the member's clock, 00:00 to 23:59.", "pattern": `^([01][0-9]|2[0-3]):[0-5][0-9]$`},
	"day":          {"type": "string", "description": "A calendar day: 2026-12-01.", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`},
	"date_time":    {"type": "string", "description": "A date and time without a zone: 2026-12-01 10:00.", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}$`},
	"channel":      words(knownChannels),
	"value":        {"type": []string{"string", "number", "boolean"}},
	"key":          {"type": "string", "pattern": keyPattern, "maxLength": maxKey},
	"campaign_key": {"type": "string", "pattern": keyPattern, "maxLength": maxKey, "description": "The key of a campaign."},
	"fragment":     {"type": "string", "pattern": keyPattern, "maxLength": maxKey, "description": "The name of a fragment."},
	"step_id":      {"type": "string", "pattern": keyPattern, "maxLength": maxKey},
	"step_ref":     {"type": "string", "pattern": stepPattern, "maxLength": maxStepID, "description": "The id of a step; within a use of a fragment, with the id of the use before it: first.liked."},
	"option_word":  {"type": "string", "minLength": 1, "maxLength": maxWord},
	"tag":          {"type": "string", "minLength": 1, "maxLength": maxWord},
	"name":         {"type": "string", "pattern": namePattern, "maxLength": maxKey},
	"endpoint":     {"type": "string", "pattern": endpointPattern, "description": "What the installation's settings call another system of the organisation."},
	"event":        {"type": "string", "pattern": eventPattern, "maxLength": maxEvent, "description": "The name of an event that the API reports, such as member.joined."},
}

// objects lists every mapping of the language.
func objects() []*object {
	return []*object{
		campaignObject, entryObject, scheduleObject, exitObject, goalObject, quietObject, lateObject, escalateObject, stepObject, sendObject, mediaObject, buttonObject, askObject, optionObject,
		timeoutObject, waitObject, waitDateObject, armObject, splitArmObject, setObject, awardObject, notifyObject, callObject, repeatObject, endObject, conditionObject,
	}
}
