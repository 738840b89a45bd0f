package media

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// genericFamilies are fontconfig's names for kinds of fonts instead of families.
var genericFamilies = []string{"sans-serif", "serif", "monospace", "cursive", "fantasy", "system-ui", "sans", "mono"}

// FontFamily returns the installed font family that fontconfig uses for a name: the family itself,
// or the one that an alias stands for. It returns a *RequirementError if fontconfig is missing, if
// there is no font, or if the family is not installed and fontconfig would only substitute a
// generic font.
func FontFamily(ctx context.Context, name string) (string, error) {
	found, err := fontconfig(ctx, "fc-match", name)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", &RequirementError{"no font at all is on this machine", installFonts}
	}
	same := func(other string) bool { return strings.EqualFold(withoutSpaces(name), withoutSpaces(other)) }
	if i := slices.IndexFunc(found, same); i >= 0 {
		return found[i], nil
	}
	if slices.ContainsFunc(genericFamilies, same) {
		return found[0], nil
	}
	own, err := specificSubstitutes(ctx, name)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(found, func(family string) bool { return slices.Contains(own, family) }) {
		return found[0], nil
	}
	return "", &RequirementError{fmt.Sprintf("there is no font family called %q on this machine; %s would be used instead", name, found[0]),
		"Install it, or choose one listed by “fc-list : family”."}
}

// specificSubstitutes returns the families that fontconfig substitutes for this name in particular,
// without those at the end of its list that it substitutes for any sans-serif, serif or other
// generic family.
func specificSubstitutes(ctx context.Context, name string) ([]string, error) {
	own, err := fontconfig(ctx, "fc-pattern", name)
	if err != nil {
		return nil, err
	}
	shortest := own
	for _, generic := range genericFamilies {
		general, err := fontconfig(ctx, "fc-pattern", generic)
		if err != nil {
			return nil, err
		}
		begin := general[:min(2, len(general))] // two are enough to recognise them; further down, the lists are mixed
		for i := len(own) - len(begin); i >= 0; i-- {
			if slices.Equal(own[i:i+len(begin)], begin) {
				if i < len(shortest) {
					shortest = own[:i]
				}
				break
			}
		}
	}
	return shortest, nil
}

// fontconfig runs one of fontconfig's programs, fc-match or fc-pattern, and returns the families
// that it prints for a font name. It returns a *RequirementError if fontconfig is not installed.
func fontconfig(ctx context.Context, program, name string) (families []string, err error) {
	args := []string{"--format", `%{[]family{%{family}\n}}`}
	if program == "fc-pattern" {
		args = append(args, "--config") // apply the configuration
	}
	// These have a meaning in patterns.
	pattern := strings.NewReplacer(`\`, `\\`, `-`, `\-`, `:`, `\:`, `,`, `\,`).Replace(name)
	output, err := exec.CommandContext(ctx, program, append(args, pattern)...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &RequirementError{"fontconfig is not installed on this machine, but is needed to find a font by its name",
			"Install them (Debian and Ubuntu: apt-get install fontconfig; macOS: brew install fontconfig)."}
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for the font %q: %w", program, name, err)
	}
	for family := range strings.Lines(string(output)) {
		families = append(families, strings.TrimSuffix(family, "\n"))
	}
	return families, nil
}

// withoutSpaces returns a family name without its spaces, which fontconfig ignores when it compares
// names.
func withoutSpaces(s string) string { return strings.ReplaceAll(s, " ", "") }
