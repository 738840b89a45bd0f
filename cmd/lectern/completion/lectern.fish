# Completion of the command lectern for fish. Use it by:
# lectern completion fish >~/.config/fish/completions/lectern.fish

function __lectern_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete -- $words[2..-1] "$current" 2>/dev/null | while read -l line
        if test "$line" = ":files"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end

complete -c lectern -f -a '(__lectern_complete)'
