package sandbox

import (
	"context"
	"encoding/json"
	"regexp"
	"sync"
	"unicode/utf8"
)

// BotCommand is one line of the bot's menu.
type BotCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// botCommands are the menus by scope and language.
type botCommands struct {
	mu    sync.Mutex
	menus map[[2]string][]BotCommand
}

var botCommandShape = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// Commands is the default menu in a language ("" for everybody else).
func (b *BotAPI) Commands(lang string) []BotCommand {
	b.commands.mu.Lock()
	defer b.commands.mu.Unlock()
	return b.commands.menus[[2]string{"default", lang}]
}

func botMenu(p botParams) ([2]string, *botError) {
	scope := struct {
		Type string `json:"type"`
	}{"default"}
	if raw := p.get("scope"); raw != "" && json.Unmarshal([]byte(raw), &scope) != nil {
		return [2]string{}, botBad("can't parse BotCommandScope JSON object")
	}
	return [2]string{scope.Type, p.get("language_code")}, nil
}

func (b *BotAPI) setMyCommands(_ context.Context, p botParams) ([]byte, *botError) {
	menu, refusal := botMenu(p)
	if refusal != nil {
		return nil, refusal
	}
	var list []BotCommand
	if json.Unmarshal([]byte(p.get("commands")), &list) != nil {
		return nil, botBad("can't parse commands list")
	}
	if len(list) > 100 {
		return nil, botBad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range list {
		if !botCommandShape.MatchString(c.Command) {
			return nil, botBad("BOT_COMMAND_INVALID")
		}
		if n := utf8.RuneCountInString(c.Description); n < 1 || n > 256 {
			return nil, botBad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	b.commands.set(menu, list)
	return []byte("true"), nil
}

func (c *botCommands) set(menu [2]string, list []BotCommand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.menus == nil {
		c.menus = map[[2]string][]BotCommand{}
	}
	c.menus[menu] = list
}

func (b *BotAPI) getMyCommands(_ context.Context, p botParams) ([]byte, *botError) {
	menu, refusal := botMenu(p)
	if refusal != nil {
		return nil, refusal
	}
	b.commands.mu.Lock()
	defer b.commands.mu.Unlock()
	list := b.commands.menus[menu]
	if list == nil {
		list = []BotCommand{}
	}
	out, _ := json.Marshal(list) // strings always encode
	return out, nil
}

func (b *BotAPI) deleteMyCommands(_ context.Context, p botParams) ([]byte, *botError) {
	menu, refusal := botMenu(p)
	if refusal != nil {
		return nil, refusal
	}
	b.commands.set(menu, nil)
	return []byte("true"), nil
}
