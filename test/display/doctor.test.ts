import { describe, expect, it } from 'vitest';
import { startEvidence } from '../../src/core/doctor/evidence.js';
import { examine } from '../../src/core/doctor/examine.js';
import { CAUSES, type Circumstances, type Finding } from '../../src/core/doctor/finding.js';
import { describeExamination } from '../../src/display/doctor.js';
import { AilingTrainer } from '../support/ailing-trainer.js';
import { drive } from '../support/drive.js';

const circumstances: Circumstances = {
  command: ['python', 'train.py'],
  limitSeconds: 300,
  hasOwnStdout: false,
  isTorn: false,
  isOutOfTime: false,
  printedBeforeHello: 'hi',
  printedLater: 'epoch 1',
  failure: {
    code: 'TRAINER_EXITED',
    message: 'the script ended with exit code 1',
    lines: ['ValueError: \u001b[31mno'],
    isOtherLr: false,
  },
};

const trainer = new AilingTrainer();
const evidence = startEvidence({ ...trainer.facts, framework: 'torch 2.13.0' });
drive(examine(evidence, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), trainer);

const report = (findings: readonly Finding[], columns?: number) =>
  describeExamination({ evidence, circumstances }, findings, columns);

describe('describeExamination', () => {
  it('says something of every cause, in 80 columns', () => {
    for (const cause of CAUSES) {
      const findings: Finding[] = [{ check: 'restore', verdict: 'defect', cause }];
      const lines = report(findings);
      expect(lines.join('\n'), cause).not.toMatch(/undefined|NaN|\bnull\b/);
      expect(lines[0], cause).toMatch(/^DEFECT {2}restore {5}\S/);
      for (const line of lines) expect(line.length, line).toBeLessThan(81);
    }
  });

  it('has a line a check where all is well, and the verdict last', () => {
    const checks = ['handshake', 'stdout', 'training', 'restore', 'disk', 'lr', 'ranks'] as const;
    const lines = report(
      checks.map((check) => ({ check, verdict: 'ok' })),
      100,
    );
    expect(lines.at(-1)).toBe('fit for a run');
    expect(lines).toContain(
      'ok      restore     31 losses bit-equal after a restore, and after many',
    );
    expect(lines).toContain('ok      ranks       one process trains');
  });

  it('gives lines of Python to those who write Python, and words alone to others', () => {
    const findings: Finding[] = [{ check: 'restore', verdict: 'note', cause: 'data' }];
    expect(report(findings)).toContain(
      '                      for batch in tuner.cycle(loader, epochs):',
    );
    for (const framework of ['node 20.19.0', undefined]) {
      const facts = { ...trainer.facts, ...(framework !== undefined && { framework }) };
      const examination = { evidence: startEvidence(facts), circumstances };
      const text = describeExamination(examination, findings).join('\n');
      expect(text).toContain('let the tuner hold the loader\n');
      expect(text).not.toContain('tuner.cycle');
    }
  });

  it('counts defects and notes, and shows the last lines of a script that failed, harmlessly', () => {
    const findings: Finding[] = [
      { check: 'training', verdict: 'defect', cause: 'failed' },
      { check: 'disk', verdict: 'note', cause: 'no-disk' },
      { check: 'restore', verdict: 'unknown' },
    ];
    const lines = report(findings);
    expect(lines.at(-1)).toBe('not fit for a run: 1 defect, with 1 note');
    expect(lines).toContain('  ValueError: \\u001b[31mno');
    expect(lines).toContain('-       restore     not examined, because of the above');
  });
});
