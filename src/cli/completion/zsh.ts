/** Completion for zsh: as a file `_autolrs` in a folder of `fpath`, or sourced after `compinit`. */

import type { CompletedCommand, CompletedFlag, CompletedProgram, ValueKind } from './model.js';

export function completeInZsh({ name, flags, commands }: CompletedProgram): string {
  const described = commands.map((command) => `    ${quote(`${command.name}:${command.summary}`)}`);
  return `#compdef ${name}
# zsh completion for ${name}: source <(${name} completion zsh)

_${name}() {
  local -a ours
  ours=(
${described.join('\n')}
  )
  # The training command after --, as it is completed without us.
  integer dashes=\${words[(i)--]}
  if (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command ours
    return
  fi
  if (( CURRENT == 2 )); then
    _arguments -S ${specs(flags).join(' ')}
    return
  fi
  shift words
  (( CURRENT -= 1 ))
  case $words[1] in
${commands.map(caseOf).join('\n')}
  esac
}

if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function caseOf({ name, flags, argument, takesCommand }: CompletedCommand): string {
  const all = [
    ...specs(flags),
    ...(argument === undefined ? [] : [quote(`*:${argumentName(argument)}:${action(argument)}`)]),
    ...(takesCommand && argument === undefined ? [quote('1:training command:(--)')] : []),
  ];
  return `    ${name})
      _arguments -S \\
        ${all.join(' \\\n        ')} ;;`;
}

/** One for each name: the others are left out once it stands on the line. */
function specs(flags: readonly CompletedFlag[]): readonly string[] {
  return flags.flatMap(({ names, help, value }) =>
    names.map((name) => {
      const others = names.length > 1 ? `(${names.join(' ')})` : '';
      const isLong = name.startsWith('--');
      const sign = value === undefined ? '' : isLong ? '=' : '+';
      const text = help.replaceAll(/[\\[\]:]/g, '\\$&');
      const tail = value === undefined ? '' : `:${argumentName(value)}:${action(value)}`;
      return quote(`${others}${name}${sign}[${text}]${tail}`);
    }),
  );
}

function argumentName({ kind }: ValueKind): string {
  return kind === 'words' || kind === 'other' ? 'value' : kind;
}

function action(value: ValueKind): string {
  if (value.kind === 'words') return `(${value.words.join(' ')})`;
  if (value.kind === 'directory') return '_files -/';
  return value.kind === 'file' ? '_files' : ' ';
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
