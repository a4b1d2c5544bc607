package reports

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// TestGoalInWords: a coordinator reads whether the campaign helps, harms, or whether it may be chance.
func TestGoalInWords(t *testing.T) {
	def := &definition.Definition{Holdout: 10, Goal: &definition.Goal{}}
	for _, c := range []struct {
		got, held GoalGroup
		en, ru    string
	}{
		{
			GoalGroup{Members: 900, Reached: 180},
			GoalGroup{Members: 100, Reached: 8},
			"900 members got the campaign; 180 of them reached the goal (20%). 100 were held out and got nothing; 8 of them reached it all the same (8%). The campaign helps: the difference is +12 percentage points, with 95% confidence between +4.6 and +16.8.",
			"Кампанию получили 900 участников; цели достигли 180 (20 %). В контрольной группе, которая ничего не получает, 100 участников; цели и так достигли 8 (8 %). Кампания помогает: разница +12 п. п., с вероятностью 95 % – от +4,6 до +16,8.",
		},
		{
			GoalGroup{Members: 21, Reached: 2},
			GoalGroup{Members: 1, Reached: 0},
			"21 members got the campaign; 2 of them reached the goal (9.5%). 1 was held out and got nothing; 0 of them reached it all the same (0%). Whether the campaign helps can’t be told yet: the difference is +9.5 percentage points and may be chance (with 95% confidence between −70.1 and +28.9). More members make it clearer.",
			"Кампанию получил 21 участник; цели достигли 2 (9,5 %). В контрольной группе, которая ничего не получает, 1 участник; цели и так достигли 0 (0 %). Помогает ли кампания, пока не видно: разница +9,5 п. п. может быть случайной (с вероятностью 95 % – от −70,1 до +28,9). Чем больше участников, тем яснее.",
		},
		{
			GoalGroup{},
			GoalGroup{},
			"0 members got the campaign; 0 of them reached the goal (0%). 0 were held out and got nothing; 0 of them reached it all the same (0%).",
			"Кампанию получили 0 участников; цели достигли 0 (0 %). В контрольной группе, которая ничего не получает, 0 участников; цели и так достигли 0 (0 %).",
		},
	} {
		for lang, want := range map[string]string{"en": c.en, "ru": c.ru} {
			if got := compare(def, c.got, c.held, lang).Sentence; got != want {
				t.Errorf("%s:\n%s\nwant\n%s", lang, got, want)
			}
		}
	}
}
