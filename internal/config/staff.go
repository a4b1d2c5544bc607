package config

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Staff are the addresses of those whom notify steps tell, by channel.
func (c *Config) Staff() map[campaigns.Channel][]string {
	staff := map[campaigns.Channel][]string{}
	if c.StaffTelegram != "" {
		staff[campaigns.Telegram] = []string{c.StaffTelegram}
	}
	for address := range strings.SplitSeq(c.StaffEmail, ",") {
		if address = strings.TrimSpace(address); address != "" && !slices.Contains(staff[campaigns.Email], address) {
			staff[campaigns.Email] = append(staff[campaigns.Email], address)
		}
	}
	return staff
}

// maxStaff bounds the addresses: each is a mail for each notice.
const maxStaff = 20

func (c *Config) checkStaff(p *problems) {
	if c.StaffTelegram != "" {
		if _, err := strconv.ParseInt(c.StaffTelegram, 10, 64); err != nil {
			p.add("staff-telegram", "is not the id of a chat; it is a whole number, such as -1001234567890")
		}
		if c.TelegramToken == "" {
			p.add("staff-telegram", "needs a bot: set %s too", Variable("telegram-token"))
		}
	}
	addresses := c.Staff()[campaigns.Email]
	for i, address := range addresses {
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
			p.add("staff-email", "number %d is no mail address; write them bare, with commas between, such as lead@example.org,help@example.org", i+1)
		}
	}
	if len(addresses) > maxStaff {
		p.add("staff-email", "has %d addresses; %d are the most", len(addresses), maxStaff)
	}
	if len(addresses) > 0 && (c.SMTPURL == "" || c.MailFrom == "") {
		p.add("staff-email", "needs mail: set %s and %s too", Variable("smtp-url"), Variable("mail-from"))
	}
}
