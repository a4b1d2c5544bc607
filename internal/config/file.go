package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
)

// readFile returns the settings of a YAML file by their flag names. A name that is not a setting is refused: it would be ignored in silence.
func readFile(path string) (map[string]string, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, wrapPath("config", err)
	}
	var raw yaml.MapSlice
	if err := yaml.NewDecoder(bytes.NewReader(source)).Decode(&raw); err != nil && !errors.Is(err, io.EOF) { // EOF: nothing but comments
		// The text of the error quotes the source, which may hold secrets.
		return nil, fmt.Errorf("%s: the file is not a YAML mapping of settings", Variable("config"))
	}
	settings := map[string]string{}
	for _, item := range raw {
		name := strings.ReplaceAll(fmt.Sprint(item.Key), "_", "-")
		if !isSetting(name) && !strings.HasPrefix(name, webhookPrefix) || name == "config" {
			return nil, fmt.Errorf("%s: %v is not a setting; they are named as the flags are, with underscores", Variable("config"), item.Key)
		}
		value, ok := scalar(item.Value)
		if !ok {
			return nil, fmt.Errorf("%s: %v must be one value or a list of values", Variable("config"), item.Key)
		}
		if value != "" {
			settings[name] = value
		}
	}
	return settings, nil
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = fmt.Sprint(part)
		}
		return strings.Join(parts, ","), true
	case map[string]any, yaml.MapSlice:
		return "", false
	}
	return fmt.Sprint(value), true
}
