package main

import "regexp"

// maskSecrets returns a copy of the arguments of a command in which ***** replaces access tokens
// and the passwords of URLs, so that it can be stored and shown. A password ends at the last @ of
// its argument: one that is not escaped may contain any character.
func maskSecrets(args []string) []string {
	password := regexp.MustCompile(`(?s)([a-zA-Z][a-zA-Z0-9+.-]*://[^:@/]*:).*@`)
	token := regexp.MustCompile(`(?s)^(--token=).*`)
	masked := make([]string, len(args))
	for i, arg := range args {
		if i > 0 && args[i-1] == "--token" {
			masked[i] = "*****"
			continue
		}
		arg = token.ReplaceAllString(arg, "${1}*****")
		masked[i] = password.ReplaceAllString(arg, "${1}*****@")
	}
	return masked
}
