import { describe, expect, it } from 'vitest';
import { startEvidence } from '../../../src/core/doctor/evidence.js';
import { examine } from '../../../src/core/doctor/examine.js';
import {
  CAUSES,
  type Cause,
  type Circumstances,
  type Finding,
} from '../../../src/core/doctor/finding.js';
import { describeExamination } from '../../../src/display/doctor/examination.js';
import { sayFinding } from '../../../src/display/doctor/sentences.js';
import { AilingTrainer } from '../../support/ailing-trainer.js';
import { drive } from '../../support/drive.js';

const circumstances: Circumstances = {
  command: ['python', 'train.py'],
  limitSeconds: 300,
  hasOwnStdout: false,
  isTorn: false,
  isOutOfTime: false,
  printedBeforeHandshake: 'hi',
  printedLater: 'epoch 1',
  failure: {
    code: 'TRAINER_EXITED',
    message: 'the script ended with exit code 1',
    lines: ['ValueError: \u001b[31mno'],
    isOtherLr: false,
  },
  resumeFailure: { code: 'TRAINER_FAILED', message: 'no', lines: [], isOtherLr: false },
};

const trainer = new AilingTrainer();
const evidence = startEvidence({ ...trainer.facts, framework: 'torch 2.13.0' });
drive(examine(evidence, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), trainer);

const report = (findings: readonly Finding[], columns?: number) =>
  describeExamination({ evidence, circumstances }, findings, columns);

describe('describeExamination', () => {
  it.each([
    'torch 2.13.0',
    'tensorflow 2.21.0',
    'jax 0.10.2',
    'lightning 2.6.6 on torch 2.13.0',
    'transformers 5.24.0 on torch 2.13.0',
    'keras 3.15.1 on jax',
    'node 24.0.0',
    undefined,
  ])('says something of every cause, in 80 columns: %s', (framework) => {
    const { framework: _, ...facts } = evidence.facts;
    const named = { ...evidence, facts: { ...facts, ...(framework && { framework }) } };
    for (const cause of CAUSES) {
      const findings: Finding[] = [{ check: 'restore', verdict: 'defect', cause }];
      const lines = describeExamination({ evidence: named, circumstances }, findings);
      expect(lines.join('\n'), cause).not.toMatch(/undefined|NaN|\bnull\b/);
      expect(lines[0], cause).toMatch(/^DEFECT {2}restore {5}\S/);
      for (const line of lines) expect(line.length, line).toBeLessThan(81);
    }
  });

  it('says each cause in short clauses', () => {
    for (const cause of CAUSES) {
      const finding: Finding = { check: 'restore', verdict: 'defect', cause };
      const { says, fix = '' } = sayFinding(finding, { evidence, circumstances });
      for (const clause of `${says}; ${fix}`.split(/[.;:] /)) {
        expect(clause.split(/\s+/).length, clause).toBeLessThanOrEqual(25);
      }
    }
  });

  it('names what kept the script from saying its total', () => {
    const findings: Finding[] = [{ check: 'handshake', verdict: 'note', cause: 'no-total' }];
    const uncounted = '"cfg.epochs" in train.py, line 12';
    const named = { ...evidence, facts: { ...evidence.facts, uncounted } };
    const lines = describeExamination({ evidence: named, circumstances }, findings, 200);
    const said = lines.map((line) => line.trim()).join(' ');
    expect(said).toContain(`${uncounted} cannot be known ahead; a run must be told: --steps`);
  });

  it('names the state of the loop where the validation loss comes back', () => {
    const ailing = new AilingTrainer('counts a step before its update');
    const seen = startEvidence({ ...ailing.facts, framework: 'torch 2.13.0' });
    drive(examine(seen, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), ailing);
    const findings: Finding[] = [{ check: 'restore', verdict: 'defect', cause: 'weights' }];
    const told = describeExamination({ evidence: seen, circumstances }, findings).join(' ');
    const text = told.replaceAll(/\s+/g, ' ');
    expect(text).toContain('it is not the weights; it is what the loop keeps');
    expect(text).toContain("an RNN's hidden state");
    expect(text).toContain('extra=[kept]');
  });

  it('says that the losses show the LR where an update comes before the first of them', () => {
    const gan = new AilingTrainer('has no validation', 'updates before its loss');
    const seen = startEvidence({ ...gan.facts, framework: 'torch 2.13.0' });
    drive(examine(seen, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), gan);
    const told = describeExamination({ evidence: seen, circumstances }, [
      { check: 'lr', verdict: 'ok' },
    ]);
    expect(told.join(' ').replaceAll(/\s+/g, ' ')).toContain(
      'from the first step on, and at each: LR 0.0500 moves the losses, LR 0 does not',
    );
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

  it('mends in the words of the framework, and in words alone where it knows none', () => {
    const textOf = (cause: Cause, framework?: string) => {
      const facts = { ...trainer.facts, ...(framework !== undefined && { framework }) };
      const findings: Finding[] = [{ check: 'restore', verdict: 'note', cause }];
      return describeExamination({ evidence: startEvidence(facts), circumstances }, findings).join(
        '\n',
      );
    };
    const CYCLE = 'for batch in tuner.cycle(loader, epochs):';
    expect(textOf('data', 'torch 2.13.0')).toContain('tuner.batches(loader)');
    expect(textOf('data', 'jax 0.10.2')).toContain(CYCLE);
    for (const framework of ['lightning 2.6.6', 'transformers 5.24.0', 'keras 3.15.1', 'node 24']) {
      expect(textOf('data', framework)).not.toMatch(/tuner\.(cycle|batches)/);
      expect(textOf('no-validation', framework)).not.toContain('attach(model');
    }
    expect(textOf('no-validation', 'keras 3.15.1 on tensorflow')).toContain('validation_data=');
    expect(textOf('no-validation', 'lightning 2.6.6 on torch')).toContain('monitor="val_loss"');
    expect(textOf('no-validation', 'transformers 5.24.0')).toContain('eval_dataset=');
    for (const cause of CAUSES) expect(textOf(cause), cause).not.toMatch(/tuner\.|attach\(/);
  });

  it('says what could not be examined, and what that means', () => {
    const findings: Finding[] = [
      { check: 'restore', verdict: 'note', cause: 'data' },
      { check: 'disk', verdict: 'unknown' },
      { check: 'validation', verdict: 'ok' },
    ];
    const text = report(findings).join('\n');
    expect(text).toContain('\nfit for a run, with 1 note, except for what was not examined:\n');
    expect(text).toMatch(/\n {2}restore {5}whether a restore brings back all/);
    expect(text).toMatch(/\n {2}disk {8}whether a file holds all/);
    expect(text).not.toContain('whether validation leaves');
  });

  it('asks a script with a loop of its own whether its steps are all', () => {
    const helloOf = (framework: string) => {
      const facts = { ...trainer.facts, framework };
      const findings: Finding[] = [{ check: 'handshake', verdict: 'ok' }];
      return describeExamination({ evidence: startEvidence(facts), circumstances }, findings)
        .join(' ')
        .replaceAll(/ +/g, ' ');
    };
    expect(helloOf('torch 2.13.0')).toContain('1,000 steps to do (is that all?)');
    expect(helloOf('keras 3.15.1 on jax')).toContain('1,000 steps to do;');
  });

  it('tells a script that does not attach what can be done from outside', () => {
    const facts = { ...trainer.facts, framework: 'torch 2.13.0', attached: false };
    const outside = { evidence: startEvidence(facts), circumstances };
    const saysOf = (cause: Cause) =>
      sayFinding({ check: 'disk', verdict: 'note', cause }, outside).says;
    expect(saysOf('no-disk')).toContain('starts the script again');
    expect(saysOf('no-validation')).not.toContain('it cannot validate');
    const findings: Finding[] = [
      { check: 'handshake', verdict: 'ok' },
      { check: 'validation', verdict: 'note', cause: 'no-validation' },
    ];
    const text = describeExamination(outside, findings).join(' ').replaceAll(/ +/g, ' ');
    expect(text).toContain('it does not attach');
    expect(text).toContain('--validation-pattern');
    expect(text).not.toContain('tuner.');
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
