#compdef lectern
# Completion of the command lectern for zsh. Use it, after compinit, by:
# source <(lectern completion zsh)

_lectern() {
	local line word help
	local -a described
	local files=0
	while IFS= read -r line; do
		if [[ $line == ":files" ]]; then
			files=1
			continue
		fi
		word=${line%%$'\t'*}
		help=${line#*$'\t'}
		if [[ $word == $line ]]; then
			described+=("${word//:/\\:}")
		else
			described+=("${word//:/\\:}:$help")
		fi
	done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	(( ${#described} )) && _describe 'lectern' described
	(( files )) && _files
	return 0
}

if [[ $funcstack[1] == _lectern ]]; then
	_lectern "$@"
else
	compdef _lectern lectern
fi
