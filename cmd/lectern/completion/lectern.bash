# Completion of the command lectern for bash. Use it by: source <(lectern completion bash)

_lectern() {
	local line current=${COMP_WORDS[COMP_CWORD]}
	local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
	COMPREPLY=()
	# Bash splits at "=": --channels=l is the words --channels, = and l.
	local -a joined=()
	local i
	for ((i = 0; i < ${#words[@]}; i++)); do
		if [[ ${words[i]} == "=" && ${#joined[@]} -gt 0 ]]; then
			joined[-1]+="=${words[i + 1]}"
			((i++))
		else
			joined+=("${words[i]}")
		fi
	done
	local prefix=""
	if [[ ${joined[-1]} == --*=* ]]; then
		prefix=${joined[-1]%%=*}=
		[[ $current == "=" ]] && current=""
	fi
	while IFS= read -r line; do
		if [[ $line == ":files" ]]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r line; do
				COMPREPLY+=("$line")
			done < <(compgen -f -- "$current")
		else
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$prefix"}")
		fi
	done < <("${COMP_WORDS[0]}" __complete -- "${joined[@]}" 2>/dev/null)
}

complete -F _lectern lectern
