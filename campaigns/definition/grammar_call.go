package definition

// Forms of what calls name. An endpoint's name is a part of names of settings, which are written in capitals.
const (
	endpointPattern = `^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`
	calledPattern   = `^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)+$`
)

// Limits of calls.
const (
	maxEndpoint   = 40
	maxSentValues = 30
	maxSent       = 2000 // characters of one text that is sent, before variables are put in
	maxCalledPath = 200
)

var callObject = &object{
	name: "call", doc: "Asks another system of your organisation something, or tells it something, and waits for its answer.",
	example: `{endpoint: placement, send: {level: "{{ answers.level }}"}}`,
	fields: []field{
		must("endpoint", "The other system, by the name that the installation's settings give it.", named("endpoint")),
		may("send", "What it is told, by name: texts with Liquid variables, numbers, true or false. A variable alone is sent as what it is: a number as a number, an answer as the value that conditions compare. Who the member is, and which campaign and step this is, always stands beside it.", schema{
			"type": "object", "minProperties": 1, "maxProperties": maxSentValues, "propertyNames": schema{"$ref": "#/$defs/name"}, "additionalProperties": named("value"),
		}),
		may("save_as", "The name by which variables and conditions know the answer: call.NAME.FIELD. Default the step's id.", named("name")),
		may("timeout", "How long it is tried, from 10s to 7d. Default 10m.", named("period")),
		may("failed", "The step to go on at when there was no answer in time, or one that cannot be used; default the next.", named("step_id")),
	},
}
