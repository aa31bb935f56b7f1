/**
 * `autolrs serve`: a run that its script has started from inside, as an adapter does. The script is there already, and
 * connects; it is told of the run on our stdout, and its process is never ours to end.
 */

import { resolve } from 'node:path';
import { exitCodeOfError } from '../../app/exit-codes.js';
import type { ParentPort } from '../../app/inside/parent-port.js';
import { stdout } from '../../app/output.js';
import { AutolrsError } from '../../core/errors.js';
import { holdsRun } from '../../journal/read.js';
import { explainError } from '../explain-error.js';
import { withKnownRuns } from '../flags/read-like.js';
import { asResumed } from '../flags/read-run.js';
import { readGivenToServe, readServeFlags } from '../flags/read-serve.js';
import type { RawFlags } from '../flags/table.js';
import { resumeCommand } from './resume.js';
import { runCommand } from './run.js';

export async function serveCommand(
  raw: RawFlags<'run'> & { readonly parent: string },
  words: readonly string[],
  typed: RawFlags<'run'>,
): Promise<number> {
  const tell: ParentPort['tell'] = (notice) => void stdout.write(`${JSON.stringify(notice)}\n`);
  try {
    const { pid, settings } = readServeFlags(raw, words);
    const parent = { pid, tell };
    const dir = settings.runDir === undefined ? undefined : resolve(settings.runDir);
    if (dir === undefined || !holdsRun(dir)) {
      return await runCommand(await withKnownRuns(settings, raw), { parent });
    }
    const given = readGivenToServe(typed);
    return await resumeCommand(dir, asResumed(settings, raw, typed), { parent, given });
  } catch (error) {
    const explained = explainError(error);
    if (!(explained instanceof AutolrsError)) throw error;
    // The script says it, in its own words.
    const { code, message } = explained;
    const exitCode = exitCodeOfError(code);
    tell({ kind: 'end', exitCode, error: { code, message } });
    return exitCode;
  }
}
