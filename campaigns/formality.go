package campaigns

// Formality is how a member is addressed where a language knows two ways: ты or вы, du or Sie, tu or vous.
type Formality string

const (
	Informal Formality = "informal"
	Formal   Formality = "formal"
)

// FormalityAttribute is the attribute of members that says it. It has one of these values, or is not there.
const FormalityAttribute = "formality"

// Formalities lists them.
func Formalities() []Formality { return []Formality{Informal, Formal} }

// Other is the one that this is not.
func (f Formality) Other() Formality {
	if f == Formal {
		return Informal
	}
	return Formal
}

// FormalityOf is what an attribute's value says; false for what says nothing.
func FormalityOf(value any) (Formality, bool) {
	s, _ := value.(string)
	f := Formality(s)
	return f, f == Informal || f == Formal
}
