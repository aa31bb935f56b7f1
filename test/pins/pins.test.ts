/** What programs depend on, in literals: a change here is a change of the API. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT_UNWRITTEN, exitCodeOfError, exitCodeOfStatus } from '../../src/app/exit-codes.js';
import { planDocument } from '../../src/app/plan/plan-document.js';
import { rangeDocument } from '../../src/app/range/range-document.js';
import { documentOf } from '../../src/cli/commands/compare-json.js';
import { documentOf as doctorDocumentOf } from '../../src/cli/commands/doctor-json.js';
import { compareRuns } from '../../src/core/compare/compare.js';
import { startEvidence } from '../../src/core/doctor/evidence.js';
import { CAUSES, CHECKS } from '../../src/core/doctor/finding.js';
import * as core from '../../src/core/index.js';
import { PROTOCOL_VERSION, WIRE_ERRORS } from '../../src/protocol/messages.js';
import { RESULTS } from '../../src/protocol/parse.js';
import { AilingTrainer } from '../support/ailing-trainer.js';
import { ROOT } from '../support/cli.js';

describe('what others depend on stays as it is', () => {
  it('exit codes of errors', () => {
    const codes = {
      USAGE: 2,
      TRAINER_NOT_STARTED: 3,
      TRAINER_SILENT: 3,
      TRAINER_EXITED: 3,
      TRAINER_TIMEOUT: 3,
      TRAINER_FAILED: 3,
      PROTOCOL_BAD_MESSAGE: 4,
      PROTOCOL_VERSION: 4,
      RUN_DIRECTORY_UNUSABLE: 5,
      JOURNAL_TORN: 5,
      JOURNAL_VERSION: 5,
      INTERRUPTED: 130,
    } as const;
    for (const [code, exit] of Object.entries(codes)) {
      expect(exitCodeOfError(code as keyof typeof codes), code).toBe(exit); // its own keys
    }
  });

  it('exit codes of ends', () => {
    expect(exitCodeOfStatus('finished')).toBe(0);
    expect(exitCodeOfStatus('target-reached')).toBe(0);
    expect(exitCodeOfStatus('ended-early')).toBe(3);
    expect(exitCodeOfStatus('diverged')).toBe(6);
    expect(exitCodeOfStatus('flat-loss')).toBe(3);
    expect(exitCodeOfStatus('interrupted')).toBe(130);
    expect(EXIT_UNWRITTEN).toBe(7);
  });

  it('the wire’s version, requests and errors', () => {
    expect(PROTOCOL_VERSION).toBe(1);
    expect(Object.keys(RESULTS)).toEqual([
      'initialize',
      'train',
      'validate',
      'save',
      'restore',
      'discard',
      'adopt',
      'shutdown',
    ]);
    expect(
      Object.keys(WIRE_ERRORS)
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual([-32700, -32603, -32602, -32601, -32600, -32004, -32003, -32002, -32001]);
  });

  it('the document of `range --json`', () => {
    const result = new core.ResultBuilder({ id: 'r', dir: 'd', strategy: 'range', seed: 7 });
    const suggestion = {
      kind: 'range-found',
      peak: 0.02,
      low: 0.01,
      high: 0.04,
      basis: 'minimum',
      bestOfProbes: 0.046,
    } as const;
    const report = {
      plan: undefined,
      interval: { min: 1e-4, max: 0.1, from: 'range-test', why: 'rose at 0.1' },
      ramp: { lrs: [1e-6, 1e-5], losses: [2, Number.NaN] },
      probes: [{ lr: 0.1, steps: 8, loss: Number.NaN }],
      suggestion,
    } as const;
    const document = rangeDocument(result.build('finished', 3), report, undefined, true);
    expect(JSON.parse(JSON.stringify(document))).toEqual({
      version: 1,
      status: 'finished',
      interval: { min: 1e-4, max: 0.1, from: 'range-test', why: 'rose at 0.1' },
      peak: 0.02,
      band: { low: 0.01, high: 0.04 },
      basis: 'minimum',
      why: expect.any(String),
      steps: 0,
      seconds: { total: 3, training: 0 },
      seed: 7,
      ramp: { lrs: [1e-6, 1e-5], losses: [2, null] },
      probes: [{ lr: 0.1, steps: 8, loss: null }],
      run: { id: 'r', dir: 'd' },
    });
  });

  it('the document of `plan --json`', () => {
    const phase = {
      phase: 'coarse-probes',
      isSearch: true,
      steps: 40,
      probes: { count: 5, least: 8, most: 8 },
      evaluations: 5,
      seconds: 6,
    } as const;
    const commit = {
      phase: 'hold',
      isSearch: false,
      steps: 60,
      evaluations: 1,
      seconds: 7,
    } as const;
    const script = {
      ...new AilingTrainer().facts,
      name: 'train.py',
      total: 60,
      epoch: 30,
      schedule: { name: 'StepLR' },
    };
    const costs = {
      startSeconds: 2,
      stepSeconds: 0.1,
      averageSeconds: 0,
      evaluationSeconds: 0.5,
      saveSeconds: 0.25,
      restoreSeconds: 0.125,
    };
    const document = planDocument({
      options: core.resolveOptions({ steps: 60 }),
      plan: {
        phases: [phase, commit],
        starts: 2,
        mostSearchSteps: 90,
        enoughSteps: undefined,
        heldAtOnce: 2,
        average: undefined,
      },
      script,
      measured: { steps: 20, costs, file: { seconds: 3, bytes: 70 }, memoryBytes: 50 },
      files: { files: 4, isMost: false, everySteps: 15 },
    });
    expect(JSON.parse(JSON.stringify(document))).toEqual({
      version: 1,
      strategy: 'horizon',
      search: 'apart',
      metric: null,
      target: null,
      validationPattern: null,
      script: {
        name: 'train.py',
        framework: null,
        attached: true,
        total: 60,
        epoch: 30,
        schedule: 'StepLR',
        can: { validate: true, disk: true, average: false },
      },
      phases: [
        {
          phase: 'coarse-probes',
          purpose: 'search',
          steps: 40,
          share: 0.4,
          probes: { count: 5, least: 8, most: 8 },
          evaluations: 5,
          seconds: 6,
        },
        {
          phase: 'hold',
          purpose: 'commit',
          steps: 60,
          share: 0.6,
          probes: null,
          evaluations: 1,
          seconds: 7,
        },
      ],
      steps: { committed: 60, search: 40, total: 100, mostSearch: 90 },
      evaluations: 6,
      starts: 2,
      checkpoints: {
        memory: { most: 2, bytes: 50, mostBytes: 100 },
        disk: { files: 4, isMost: false, everySteps: 15, most: 3, bytes: 70, mostBytes: 210 },
      },
      seconds: { starts: 4, search: 6, committed: 7, files: 12, total: 29 },
      measured: {
        steps: 20,
        start: 2,
        step: 0.1,
        average: 0,
        evaluation: 0.5,
        save: 0.25,
        restore: 0.125,
        file: 3,
      },
    });
  });

  it('the document of `compare --json`', () => {
    const runOf = (name: string, status: 'finished' | null, search: number, losses: number[]) => {
      const committed = 10 * losses.length;
      const validation = losses.map((loss, i) => ({
        total: search + 10 * (i + 1),
        committed: 10 * (i + 1),
        loss,
      }));
      return {
        name,
        status,
        steps: { committed, search, total: committed + search, lost: 0 },
        seconds: status && 4.5,
        curves: { training: [], validation },
      };
    };
    const comparison = compareRuns(
      [runOf('a', null, 0, [8, 6, 4, 2]), runOf('b', 'finished', 10, [3, 1])],
      { reference: 0, loss: 'auto', targets: [0.5] },
    );
    expect(documentOf(comparison, ['logs/a.csv', 'runs/b'])).toEqual({
      version: 1,
      loss: 'validation',
      window: null,
      reference: 0,
      runs: [
        {
          path: 'logs/a.csv',
          kind: 'file',
          status: null,
          steps: { committed: 40, search: 0, total: 40, lost: 0 },
          searchShare: 0,
          seconds: null,
          final: { loss: 2, error: null, total: 40, committed: 40 },
          versus: null,
        },
        {
          path: 'runs/b',
          kind: 'run',
          status: 'finished',
          steps: { committed: 20, search: 10, total: 30, lost: 0 },
          searchShare: 1 / 3,
          seconds: 4.5,
          final: { loss: 1, error: null, total: 30, committed: 20 },
          versus: {
            verdict: 'worth-it',
            speed: 'faster',
            margin: 0.02,
            atEqualSteps: { total: 30, loss: 1, reference: 4, standing: 'ahead' },
            crossover: { ahead: 'run', total: 20 },
          },
        },
      ],
      targets: [
        {
          loss: 2.1,
          above: 0.05,
          reached: [
            { total: 40, committed: 40, speedup: null },
            { total: 30, committed: 20, speedup: { total: 40 / 30, committed: 2 } },
          ],
        },
        {
          loss: 2.02,
          above: 0.01,
          reached: [
            { total: 40, committed: 40, speedup: null },
            { total: 30, committed: 20, speedup: { total: 40 / 30, committed: 2 } },
          ],
        },
        {
          loss: 2,
          above: 0,
          reached: [
            { total: 40, committed: 40, speedup: null },
            { total: 30, committed: 20, speedup: { total: 40 / 30, committed: 2 } },
          ],
        },
        { loss: 0.5, above: null, reached: [null, null] },
      ],
    });
  });

  it('the document of `doctor --json`, its checks and causes', () => {
    const { facts } = new AilingTrainer();
    const circumstances = {
      command: ['python', 'train.py'],
      limitSeconds: 300,
      hasOwnStdout: false,
      isTorn: false,
      isOutOfTime: false,
    };
    const finding = { check: 'lr', verdict: 'defect', cause: 'lr-late' } as const;
    expect(doctorDocumentOf({ evidence: startEvidence(facts), circumstances }, [finding])).toEqual({
      version: 1,
      command: ['python', 'train.py'],
      fit: false,
      fitness: 'unfit',
      notExamined: [],
      trainer: facts,
      steps: null,
      lr: 0.05,
      seconds: {},
      findings: [
        {
          check: 'lr',
          verdict: 'defect',
          cause: 'lr-late',
          message: expect.any(String),
          fix: expect.any(String),
        },
      ],
    });
    expect(doctorDocumentOf({ circumstances }, [])).toMatchObject({ trainer: null, lr: null });
    expect(CHECKS.join(' ')).toBe(
      'handshake stdout training restore disk resume validation lr groups ranks',
    );
    expect(CAUSES.join(' ')).toBe(
      'not-started failed out-of-time loop-ended diverges no-total prints-before-handshake prints-between-messages tears-messages weights buffers optimizer data rng data-or-rng checkpoint-changes inexact-arithmetic no-disk file-differs no-validation validation-slow validation-varies validation-rises validation-leaves-trace lr-ignored lr-late lr-unseen other-scheduler ratios-lost ratios-unseen ranks-alone own-counter first-pass resume-fails resume-weights resume-optimizer resume-data resume-inexact resume-unseen resume-out-of-time',
    );
  });

  it('the package’s names and doors', () => {
    const { name, bin, exports, engines } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    expect({ name, bin, engines, doors: Object.keys(exports) }).toEqual({
      name: 'autolrs',
      bin: { autolrs: 'bin/autolrs.js' },
      engines: { node: '>=20.19' },
      doors: ['.', './node', './testing', './package.json'],
    });
    expect(Object.keys(core).toSorted()).toEqual([
      'AutolrsError',
      'DEFAULTS',
      'ResultBuilder',
      'TOOLS',
      'begin',
      'createRandom',
      'createTuner',
      'decide',
      'discard',
      'finish',
      'forecastLoss',
      'horizon',
      'lrAt',
      'paper',
      'resolveOptions',
      'restore',
      'save',
      'suggestLr',
      'train',
      'validate',
    ]);
  });
});
