/** Runs the steps of a composite action as a runner on GitHub does, as far as they are of its `run:` kind. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export interface ActionStep {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly run?: string;
  readonly shell?: string;
  readonly 'working-directory'?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Action {
  readonly inputs: Readonly<
    Record<string, { readonly required?: boolean; readonly default?: string }>
  >;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly ActionStep[] };
}

export interface ActionEnd {
  /** Of the step that failed; 0: none has. */
  readonly status: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly log: string;
}

export function readAction(path: string): Action {
  return parse(readFileSync(path, 'utf8'));
}

/** @param home Where the action is checked out. */
export function runAction(
  home: string,
  workspace: string,
  inputs: Readonly<Record<string, string>>,
): ActionEnd {
  const action = readAction(join(home, 'action.yml'));
  const known: Record<string, string> = { 'github.action_path': home };
  for (const [name, { default: usual, required }] of Object.entries(action.inputs)) {
    const value = inputs[name] ?? usual;
    if (value === undefined && required) throw new Error(`the input ${name} is missing`);
    known[`inputs.${name}`] = value ?? '';
  }
  const files = join(workspace, '.runner');
  mkdirSync(files);
  const summaryFile = join(files, 'summary.md');
  let [status, log] = [0, ''];
  for (const [i, step] of action.runs.steps.entries()) {
    if (step.run === undefined) continue; // another action, which is not here
    if (step.shell !== 'bash') throw new Error(`a shell that is not bash: ${step.shell}`);
    const [script, outputFile] = [join(files, `${i}.sh`), join(files, `${i}.output`)];
    writeFileSync(script, fillIn(step.run, known));
    writeFileSync(outputFile, '');
    const env = Object.entries(step.env ?? {}).map(([name, text]) => [name, fillIn(text, known)]);
    const ended = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: resolve(workspace, fillIn(step['working-directory'] ?? '.', known)),
      encoding: 'utf8',
      env: {
        ...process.env,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: home,
        GITHUB_WORKSPACE: workspace,
        GITHUB_OUTPUT: outputFile,
        GITHUB_STEP_SUMMARY: summaryFile,
        ...Object.fromEntries(env),
      },
    });
    log += ended.stdout + ended.stderr;
    const outputs = readOutputs(readFileSync(outputFile, 'utf8'));
    for (const [name, value] of outputs) known[`steps.${step.id}.outputs.${name}`] = value;
    status = ended.status ?? -1;
    if (status !== 0) break;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    fillIn(value, known),
  ]);
  const summary = existsSync(summaryFile) ? readFileSync(summaryFile, 'utf8') : '';
  return { status, outputs: Object.fromEntries(outputs), summary, log };
}

/** Of what is not known a runner makes nothing. */
function fillIn(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => known[name] ?? '');
}

/** `name=value`, or `name<<END` and lines up to that word. */
function readOutputs(text: string): readonly (readonly [string, string])[] {
  const lines = text.split('\n');
  const outputs: [string, string][] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const [, name = '', end] = /^([\w-]+)<<(.+)$/.exec(line) ?? [];
    if (end !== undefined) {
      const last = lines.indexOf(end, i + 1);
      if (last < 0) throw new Error(`an output without its end: ${line}`);
      outputs.push([name, lines.slice(i + 1, last).join('\n')]);
      i = last;
    } else if (line !== '') {
      const [, key, value] = /^([\w-]+)=(.*)$/s.exec(line) ?? [];
      if (key === undefined) throw new Error(`no output: ${line}`);
      outputs.push([key, value ?? '']);
    }
  }
  return outputs;
}
