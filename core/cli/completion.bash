# Where the cursor stands decides: behind an option that takes a value, on an
# option, on the command's name, or on an argument.
_hoko() {
  local cur=${COMP_WORDS[COMP_CWORD]} command='' value='' args=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then continue; fi # "--color=never" comes as three words
    if [[ -n $value ]]; then value=''; continue; fi
    if [[ $word == -* && $word != - ]]; then value=$(_hoko_value "$command" "$word"); continue; fi
    if [[ -n $(_hoko_subs "$command") ]]; then command+=${command:+ }$word; else ((args++)); fi
  done
  [[ $cur == = ]] && cur=''

  local how=$value
  if [[ -z $how && $cur == -* ]]; then how="words $(_hoko_options "$command")"; fi
  if [[ -z $how ]]; then
    how=$(_hoko_subs "$command")
    if [[ -n $how ]]; then how="words $how"; else how=$(_hoko_args "$command" "$args"); fi
  fi

  case $how in
    'words '*) mapfile -t COMPREPLY < <(compgen -W "${how#words }" -- "$cur") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); compopt -o filenames 2>/dev/null ;;
    lua) mapfile -t COMPREPLY < <(compgen -f -X '!*.lua' -- "$cur"; compgen -d -- "$cur")
      compopt -o filenames 2>/dev/null ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames 2>/dev/null ;;
  esac
}
complete -F _hoko hoko
