/** What the shells evaluate. They ask `tq completion --words` with the line up to the cursor, a word each. */
export const SCRIPTS = {
  bash: `# tq completion for bash
_tq_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(tq completion --words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _tq_complete tq`,
  zsh: `# tq completion for zsh
_tq_complete() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(tq completion --words "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'tq' found; else _files; fi
}
(( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
compdef _tq_complete tq`,
} as const;
