/** `autolrs doctor -- COMMAND`: examines a training script, and leaves nothing behind. */

import { rmSync } from 'node:fs';
import { examineScript } from '../../app/doctor/examine-script.js';
import { EXIT_UNFIT } from '../../app/exit-codes.js';
import { makeTemporary } from '../../app/files/make-temporary.js';
import { stdout } from '../../app/output.js';
import { diagnose, isFit } from '../../core/doctor/diagnose.js';
import type { Examination } from '../../core/doctor/finding.js';
import { describeExamination } from '../../display/doctor/examination.js';
import type { DoctorSettings } from '../flags/read-doctor.js';
import { listenForInterrupts } from '../signals.js';
import { checkTrainingPython } from '../training-python.js';
import { readVersion } from '../version.js';
import { documentOf } from './doctor-json.js';

/** @throws AutolrsError `INTERRUPTED`, or `USAGE` when there is no place to examine in or to listen at. */
export async function doctorCommand(settings: DoctorSettings): Promise<number> {
  await checkTrainingPython(settings.command);
  const dir = makeTemporary('autolrs-doctor-');
  let examination: Examination;
  try {
    examination = await examineScript({
      ...settings,
      dir,
      cwd: process.cwd(),
      version: readVersion(),
      listenForInterrupts,
      pythonPath: process.env['PYTHONPATH'],
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const findings = diagnose(examination);
  const text = settings.json
    ? JSON.stringify(documentOf(examination, findings))
    : describeExamination(examination, findings, stdout.columns).join('\n');
  stdout.write(`${text}\n`);
  return isFit(findings) ? 0 : EXIT_UNFIT;
}
