package main

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/channels/telegram"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// setMenu puts the bot's commands into its menu, in each language and, in the default one, for everybody else. The bot works without it.
func (a *App) setMenu(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for _, menu := range append([]string{""}, locale.Languages()...) {
		lang := menu
		if lang == "" {
			lang = locale.Default
		}
		if err := a.bot.SetCommands(ctx, menu, commandsIn(lang)); err != nil {
			a.log.Warn("menu of commands not set", "language", menu, "error", err)
			return
		}
	}
}

func commandsIn(lang string) []telegram.Command {
	var out []telegram.Command
	for _, name := range engine.Commands() {
		out = append(out, telegram.Command{Name: name, Description: locale.T(lang, "bot.command."+name, nil)})
	}
	return out
}
