/** Completion for fish, 3.0 and later. */

import type { CompletedCommand, CompletedFlag, CompletedProgram, ValueKind } from './model.js';

export function completeInFish({ name, flags, commands }: CompletedProgram): string {
  const top = `complete -c ${name} -n '__${name}_is ""'`;
  return `# fish completion for ${name}: ${name} completion fish | source

# Our command on the line, if it is the one that is asked for, and the training command has not begun.
function __${name}_is
    set -l words (commandline -opc)
    set -e words[1]
    set -l command ''
    for word in $words
        test "$word" = --; and return 1
        if test -z "$command"; and not string match -q -- '-*' "$word"
            set command $word
        end
    end
    test "$command" = "$argv[1]"
end

# The training command after --, as it is completed without us.
function __${name}_training
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l before (string escape -- $words[(math $at + 1)..-1])
    test (count $words) -eq $at; and set before
    complete -C (string join ' ' -- $before (commandline -ct))
end

complete -c ${name} -f
complete -c ${name} -n 'contains -- -- (commandline -opc)' -x -a '(__${name}_training)'
${[
  ...commands.map((command) => `${top} -a ${command.name} -d ${quote(command.summary)}`),
  ...flags.map((flag) => `${top} ${flagWords(flag)}`),
  ...commands.flatMap((command) => linesOf(name, command)),
].join('\n')}
`;
}

function linesOf(name: string, { name: command, flags, argument }: CompletedCommand) {
  const start = `complete -c ${name} -n '__${name}_is ${command}'`;
  const own = flags.map((flag) => `${start} ${flagWords(flag)}`);
  if (argument === undefined) return own;
  return [...own, `${start} ${argumentWords(argument)}`];
}

function flagWords({ names, help, value }: CompletedFlag): string {
  const spelled = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const taken = value === undefined ? [] : [value.kind === 'file' ? '-r -F' : valueWords(value)];
  return [...spelled, ...taken, '-d', quote(help)].join(' ');
}

function valueWords(value: ValueKind): string {
  if (value.kind === 'words') return `-x -a ${quote(value.words.join(' '))}`;
  return value.kind === 'directory' ? "-x -a '(__fish_complete_directories)'" : '-x';
}

function argumentWords(value: ValueKind): string {
  return value.kind === 'file' ? '-F' : valueWords(value).replace(/^-x/, '-f');
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
