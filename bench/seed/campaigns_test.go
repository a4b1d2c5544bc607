package seed

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// TestCampaignsAreValid: pages show steps only of definitions that this program reads.
func TestCampaignsAreValid(t *testing.T) {
	for _, c := range Campaigns {
		if _, problems := definition.Parse([]byte(c.YAML), definition.YAML); len(problems) > 0 {
			t.Errorf("%s: %v", c.Key, problems)
		}
	}
}
