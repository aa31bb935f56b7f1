/**
 * Completion for bash, 3.2 and later. Nothing of the line is evaluated: it may hold `$(…)` that the user has not yet asked
 * to run.
 */

import type { CompletedFlag, CompletedProgram, ValueKind } from './model.js';

export function completeInBash({ name, flags, commands }: CompletedProgram): string {
  const values = commands.flatMap((command) =>
    command.flags.flatMap((flag) => valueCase(command.name, flag, name)),
  );
  const rest = commands.map((command) => {
    const dashes = command.takesCommand ? ['--'] : [];
    const words = [...namesOf(command.flags), ...dashes];
    const { argument } = command;
    return `        ${command.name})
            if [[ $cur == -* ]]; then _${name}_words '${words.join(' ')}'
            else ${argument === undefined ? `_${name}_words '${words.join(' ')}'` : action(argument, name)}
            fi ;;`;
  });
  const first = [...commands.map((command) => command.name), ...namesOf(flags)].join(' ');
  return `# bash completion for ${name}: source <(${name} completion bash)

_${name}_words() {
    local word
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

_${name}_paths() {
    local path
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$cur")
}

# The training command after --, as it is completed without us.
_${name}_command() {
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        local word
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
    else
        _${name}_paths -f
    fi
}

_${name}() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ \${COMP_WORDS[i]} == -- ]]; then
            _${name}_command "$((i + 1))"
            return
        fi
        [[ -z $command && \${COMP_WORDS[i]} != -* ]] && command=\${COMP_WORDS[i]}
    done
    # --flag=value comes as three words.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = ]]; then
        prev=\${COMP_WORDS[COMP_CWORD-2]}
    fi
    case "$command $prev" in
${values.join('\n')}
    esac
    case $command in
        '') _${name}_words '${first}' ;;
${rest.join('\n')}
    esac
}

complete -F _${name} ${name}
`;
}

function namesOf(flags: readonly CompletedFlag[]): readonly string[] {
  return flags.flatMap(({ names }) => names);
}

function valueCase(command: string, { names, value }: CompletedFlag, name: string) {
  if (value === undefined) return [];
  const patterns = names.map((flag) => `'${command} ${flag}'`).join('|');
  return [`        ${patterns}) ${action(value, name)}; return ;;`];
}

function action(value: ValueKind, name: string): string {
  if (value.kind === 'words') return `_${name}_words '${value.words.join(' ')}'`;
  if (value.kind === 'directory') return `_${name}_paths -d`;
  return value.kind === 'file' ? `_${name}_paths -f` : ':';
}
