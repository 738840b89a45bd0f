package media

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// genericFamilies are the names by which fontconfig knows no family but a kind of them.
var genericFamilies = []string{"sans-serif", "serif", "monospace", "cursive", "fantasy", "system-ui", "sans", "mono"}

// FontFamily is the family of this machine that fontconfig has for a name: itself where it
// is here, and if it is an alias what that stands for. A family that is not here, and for
// which fontconfig has nothing but what it has for any other of its kind, is a *Lack.
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
	return "", &RequirementError{fmt.Sprintf("no font family here is called %q; %s would be taken for it", name, found[0]),
		"Install it, or name one that “fc-list : family” lists."}
}

// specificSubstitutes are the families that fontconfig takes for a name, without those that it
// takes for every name of the same kind.
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
		begin := general[:min(2, len(general))] // their first two tell them: further down, lists are mixed
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

// fontconfig asks one of fontconfig's programs for the families that a name leads to.
func fontconfig(ctx context.Context, program, name string) (families []string, err error) {
	args := []string{"--format", `%{[]family{%{family}\n}}`}
	if program == "fc-pattern" {
		args = append(args, "--config") // put through what is configured
	}
	// These mean something in a pattern.
	pattern := strings.NewReplacer(`\`, `\\`, `-`, `\-`, `:`, `\:`, `,`, `\,`).Replace(name)
	stderr, err := exec.CommandContext(ctx, program, append(args, pattern)...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, &RequirementError{"fontconfig's programs, which find a font by its name, are not on this machine",
			"Install them (Debian and Ubuntu: apt-get install fontconfig; macOS: brew install fontconfig)."}
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for the font %q: %w", program, name, err)
	}
	for family := range strings.Lines(string(stderr)) {
		families = append(families, strings.TrimSuffix(family, "\n"))
	}
	return families, nil
}

// withoutSpaces is a family's name without blanks, to which fontconfig pays no heed.
func withoutSpaces(s string) string { return strings.ReplaceAll(s, " ", "") }
