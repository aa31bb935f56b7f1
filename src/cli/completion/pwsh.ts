/** Completion for PowerShell. Where nothing is offered it completes file names by itself. */

import type { CompletedFlag, CompletedProgram } from './model.js';

export function completeInPwsh({ name, flags, commands }: CompletedProgram): string {
  const values = commands.flatMap((command) =>
    command.flags.flatMap(({ names, value }) =>
      value?.kind === 'words'
        ? names.map((flag) => `        '${command.name} ${flag}' = @(${listOf(value.words)})`)
        : [],
    ),
  );
  const taking = commands.flatMap((command) =>
    command.flags.flatMap(({ names, value }) =>
      value === undefined || value.kind === 'words'
        ? []
        : names.map((flag) => `${command.name} ${flag}`),
    ),
  );
  const words = commands.map((command) => {
    const argument = command.argument?.kind === 'words' ? command.argument.words : [];
    const own = [...argument, ...namesOf(command.flags), ...(command.takesCommand ? ['--'] : [])];
    return `        '${command.name}' = @(${listOf(own)})`;
  });
  const first = [...commands.map((command) => command.name), ...namesOf(flags)];
  return `# PowerShell completion for ${name}: ${name} completion pwsh | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName ${name} -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $values = @{
${values.join('\n')}
    }
    $commands = @{
        '' = @(${listOf(first)})
${words.join('\n')}
    }
    $free = @(${listOf(taking)})
    $before = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    if ($before -contains '--') { return }
    $command = "$($before | Select-Object -Skip 1 | Where-Object { -not $_.StartsWith('-') } | Select-Object -First 1)"
    $asked = "$command $($before[-1])"
    if ($free -contains $asked) { return }
    $words = if ($values.ContainsKey($asked)) { $values[$asked] } else { $commands[$command] }
    $words | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`;
}

function namesOf(flags: readonly CompletedFlag[]): readonly string[] {
  return flags.flatMap(({ names }) => names);
}

function listOf(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "''")}'`).join(', ');
}
