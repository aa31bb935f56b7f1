import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/core/options.js';
import type { Entry } from '../../src/core/record/entry.js';
import { type Disturbance, SimulatedRun, TunerKilled } from '../support/simulated-run.js';

const TUNER = resolveOptions({
  strategy: 'paper',
  minLr: 1e-3,
  maxLr: 1,
  steps: 300,
  tau: 100,
  candidates: 3,
  warmupSteps: 60,
});

function createRun(options = TUNER, restarts = 3): SimulatedRun {
  return new SimulatedRun({ tuner: options, checkpointSteps: 40, restarts });
}

/** What must be the same however often a run was disturbed. */
function outcomeOf(run: SimulatedRun) {
  const { steps, schedule, stages, loss } = run.result;
  const { lost: _, ...counted } = steps;
  return { model: run.trainer.model, steps: counted, schedule, stages, loss };
}

/** Goes on until the run is finished, as somebody who resumes it each time would. */
async function finish(run: SimulatedRun, disturbances: readonly Disturbance[] = []): Promise<void> {
  for (const disturbance of [...disturbances, {}]) {
    const end = await run.go(disturbance).catch((error: unknown) => {
      if (!(error instanceof TunerKilled)) throw error;
      return { kind: 'interrupted' } as const;
    });
    if (end.kind === 'finished') return;
  }
  throw new Error('the run did not finish');
}

const undisturbed = createRun();
await finish(undisturbed);

/** The states on the committed path, by step: the simulated disk's checksum is the state itself. */
const everyStep = new SimulatedRun({ tuner: TUNER, checkpointSteps: 1 });
await finish(everyStep);
const committedPath = new Map(checkpointsOf(everyStep));

function checkpointsOf(run: SimulatedRun): readonly (readonly [step: number, state: string])[] {
  return run.entries.flatMap((entry) =>
    entry.kind === 'checkpoint' ? [[entry.checkpoint.step, entry.checkpoint.sha256] as const] : [],
  );
}

function expectOnlyCommitted(run: SimulatedRun, message: string): void {
  for (const [step, state] of checkpointsOf(run))
    expect(state, message).toBe(committedPath.get(step));
}

describe('runStrategy', () => {
  it('records every command before it is asked and every reply before the next turn', () => {
    const turns = undisturbed.entries
      .filter((entry) => ['command', 'reply'].includes(entry.kind))
      .map((entry) => entry.kind);
    expect(turns.length).toBeGreaterThan(20);
    turns.forEach((kind, i) => {
      expect(kind).toBe(i % 2 === 0 ? 'command' : 'reply');
    });
  });

  it('makes every stage end and every checkpoint durable, and the name of its file before that', () => {
    const { entries, durable } = undisturbed;
    const boundaries = entries.filter(
      (e) =>
        e.kind === 'checkpoint' ||
        e.kind === 'checkpoint-begun' ||
        (e.kind === 'decision' && e.decision.kind === 'stage-ended'),
    );
    expect(boundaries.length).toBeGreaterThan(5);
    for (const entry of boundaries) expect(durable).toContain(entry);
  });

  it('commits in slices, each on disk before the next begins', () => {
    const kinds = undisturbed.entries.map((entry) => entry.kind);
    const slices = kinds.flatMap((kind, i) =>
      kind === 'slice' ? [kinds.slice(i + 1, i + 3)] : [],
    );
    expect(slices.length).toBeGreaterThan(5);
    for (const next of slices) expect(next).toEqual(['checkpoint-begun', 'checkpoint']);
  });

  it('keeps the newest two checkpoints at the end, the last of them the whole run', () => {
    const steps = [...undisturbed.disk.values()].map((model) => model.step);
    expect(steps).toHaveLength(2);
    expect(steps.at(-1)).toBe(300);
  });

  it('does not let slices change what is trained', async () => {
    const whole = new SimulatedRun({ tuner: TUNER, checkpointSteps: 1_000_000 });
    await finish(whole);
    expect(outcomeOf(whole)).toEqual({
      ...outcomeOf(undisturbed),
      loss: expect.anything(),
    });
  });
});

describe('a commit in slices', () => {
  // Four times the first loss halts: this one alone does, and among its neighbours it does not.
  const simulation = { spike: { step: 100, loss: 30 } };
  const commitOf = (run: SimulatedRun) => run.entries.filter((entry) => entry.kind === 'decision');

  it('halts by all losses of the command, wherever a slice begins', async () => {
    const whole = new SimulatedRun({ tuner: TUNER, checkpointSteps: 1_000_000, simulation });
    await finish(whole);
    expect(JSON.stringify(whole.entries)).not.toContain('halt"');
    for (const checkpointSteps of [40, 20, 1]) {
      const run = new SimulatedRun({ tuner: TUNER, checkpointSteps, simulation });
      await finish(run);
      expect(commitOf(run)).toEqual(commitOf(whole));
      expect(run.trainer.model).toEqual(whole.trainer.model);
    }
  });

  it('halts when the loss stays high', async () => {
    const run = new SimulatedRun({
      tuner: TUNER,
      checkpointSteps: 10,
      simulation: { divergesAbove: 0.02 },
    });
    await finish(run);
    expect(JSON.stringify(run.entries)).toContain('"end":"halt"');
  });

  it('is resumed after a spike at which the trainer halted and the tuner did not', async () => {
    const options = { tuner: TUNER, checkpointSteps: 40, simulation };
    const whole = new SimulatedRun(options);
    await finish(whole);
    for (let at = 0; at < whole.entries.length; at += 7) {
      const run = new SimulatedRun(options);
      await finish(run, [{ tunerDiesAt: at }]);
      expect(outcomeOf(run), `killed at entry ${at}`).toEqual(outcomeOf(whole));
    }
  });
});

describe('a crash', () => {
  it('costs at most a slice, also where the commands of a commit are shorter', async () => {
    // With a target a stage is looked at every seventh step.
    const tuner = { ...TUNER, targetLoss: 1e-9 };
    const run = new SimulatedRun({ tuner, checkpointSteps: 30 });
    await finish(run);
    let asked: Entry | undefined;
    let atRisk = 0;
    let most = 0;
    for (const entry of run.entries) {
      if (entry.kind === 'command') asked = entry;
      if (entry.kind === 'checkpoint') atRisk = 0;
      const isCommit =
        asked?.kind === 'command' &&
        'purpose' in asked.command &&
        asked.command.purpose === 'commit';
      if (entry.kind !== 'reply' && entry.kind !== 'slice') continue;
      if (entry.reply.kind === 'restored') atRisk = 0;
      if (isCommit && entry.reply.kind === 'trained') atRisk += entry.reply.steps;
      most = Math.max(most, atRisk);
    }
    expect(run.result.steps.committed).toBe(300);
    expect(most).toBe(30);
  });
});

describe('a run whose tuner is killed', () => {
  it('at any entry of its journal ends as if nothing had happened, and pays for no probe twice', async () => {
    const probes = (run: SimulatedRun) =>
      run.entries.filter((e) => e.kind === 'decision' && e.decision.kind === 'probe-ended').length;
    for (let at = 0; at < undisturbed.entries.length; at++) {
      const run = createRun();
      await finish(run, [{ tunerDiesAt: at }]);
      expect(outcomeOf(run), `killed at entry ${at}`).toEqual(outcomeOf(undisturbed));
      expect(probes(run)).toBe(probes(undisturbed));
      expect([...run.disk.keys()], `killed at entry ${at}`).toHaveLength(2);
    }
  });

  it('again and again still ends the same', async () => {
    const run = createRun();
    const kills = Array.from({ length: 60 }, (_, i) => ({ tunerDiesAt: 5 + 3 * i }));
    await finish(run, kills);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('never has a probe’s weights on disk', async () => {
    for (let at = 0; at < undisturbed.entries.length; at += 3) {
      const run = createRun();
      await run.go({ tunerDiesAt: at }).catch(() => {});
      expectOnlyCommitted(run, `killed at entry ${at}`);
    }
    expect(committedPath.size).toBe(301);
  });
});

describe('a run whose trainer dies', () => {
  for (const afterTheWork of [false, true]) {
    it(`at any request ${afterTheWork ? 'after' : 'before'} the work starts it again and ends the same`, async () => {
      for (let at = 1; at <= undisturbed.commands.length; at++) {
        const run = createRun();
        await finish(run, [{ trainerDiesAt: (asked) => asked === at, afterTheWork }]);
        expect(run.starts).toBe(2);
        expect(outcomeOf(run), `died at request ${at}`).toEqual(outcomeOf(undisturbed));
      }
    });
  }

  it('more often than it may be restarted fails with the first cause, and can be resumed', async () => {
    const run = createRun();
    const dies = run.go({ trainerDiesAt: (asked) => asked > 30 });
    await expect(dies).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      message: expect.stringContaining('after 3 restarts'),
    });
    expect(run.starts).toBe(4);
    await finish(run);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('once after each committed slice never runs out of restarts', async () => {
    let last = '';
    const run = createRun(TUNER, 1);
    const trainerDiesAt = () => {
      const slices = String(run.entries.filter((entry) => entry.kind === 'slice').length);
      const dies = slices !== last;
      last = slices;
      return dies && slices !== '0';
    };
    await finish(run, [{ trainerDiesAt }]);
    expect(run.starts).toBeGreaterThan(4);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('by the same exception twice in its first steps is not started a third time', async () => {
    const firstTrain = undisturbed.commands.findIndex(({ kind }) => kind === 'train') + 1;
    const run = createRun();
    const raises = run.go({ trainerDiesAt: (asked) => asked >= firstTrain, raises: true });
    await expect(raises).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      message: expect.stringContaining('twice in its first steps'),
    });
    expect(run.starts).toBe(2);
    await finish(run);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('by the same exception again and again later on is started as often as it may be', async () => {
    const run = createRun();
    const raises = run.go({ trainerDiesAt: (asked) => asked > 30, raises: true });
    await expect(raises).rejects.toMatchObject({
      message: expect.stringContaining('after 3 restarts'),
    });
    expect(run.starts).toBe(4);
  });

  it('by the same exception right after a resume is started as often as it may be', async () => {
    const tuner = { ...TUNER, warmupSteps: 0 };
    const whole = createRun(tuner);
    await finish(whole);
    // Back at the first step, with a search behind it.
    const isBack = (entry: Entry) => entry.kind === 'reply' && entry.reply.kind === 'restored';
    const run = createRun(tuner);
    await run.go({ tunerDiesAt: whole.entries.findIndex(isBack) + 1 }).catch(() => {});
    const { starts } = run;
    const raises = run.go({ trainerDiesAt: () => true, raises: true });
    await expect(raises).rejects.toMatchObject({
      message: expect.stringContaining('after 3 restarts'),
    });
    expect(run.starts - starts).toBe(4);
  });

  /** Once after each slice of a run that begins with a commit, in slices of 40 steps. */
  const afterEachSlice = (run: SimulatedRun) => {
    let last = 0;
    return () => {
      const slices = run.entries.filter((entry) => entry.kind === 'slice').length;
      const dies = slices > last;
      last = Math.max(last, slices);
      return dies;
    };
  };
  const beginsWithCommit = { ...TUNER, warmupSteps: 280, warmupLr: 0.05 };

  it('by the same exception after each slice is started as often as it may be in all, and can be resumed', async () => {
    const run = createRun(beginsWithCommit);
    await expect(
      run.go({ trainerDiesAt: afterEachSlice(run), raises: true }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('after 3 restarts for the same cause'),
    });
    expect(run.starts).toBe(4);
    expect(run.said.map((line) => /\((\d) of 3\)/.exec(line)?.[1])).toEqual(['1', '2', '3']);
    await finish(run);
  });

  it('by a signal after each slice is started again each time', async () => {
    const run = createRun(beginsWithCommit);
    await finish(run, [{ trainerDiesAt: afterEachSlice(run) }]);
    expect(run.starts).toBeGreaterThan(5);
  });

  it('by what its adapter calls permanent is not started again, also in mid-run', async () => {
    const run = createRun();
    const dies = run.go({ trainerDiesAt: (asked) => asked === 30, raises: 'permanent' });
    await expect(dies).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      message: expect.not.stringContaining('restart'),
    });
    expect(run.starts).toBe(1);
  });

  it('is not restarted with --restarts 0', async () => {
    const run = createRun(TUNER, 0);
    await expect(run.go({ trainerDiesAt: (asked) => asked === 9 })).rejects.toMatchObject({
      message: 'the script ended by signal SIGKILL',
    });
  });
});

describe('a run that is interrupted', () => {
  it('at any request leaves the trainer on the committed path, on disk, and ends the same when resumed', async () => {
    for (let at = 1; at <= undisturbed.commands.length; at++) {
      const run = createRun();
      await run.go({ interruptAt: at });
      const newest = [...run.disk.values()].at(-1);
      expect(run.trainer.model, `interrupted at request ${at}`).toEqual(newest);
      await finish(run);
      expectOnlyCommitted(run, `interrupted at request ${at}`);
      expect(outcomeOf(run), `interrupted at request ${at}`).toEqual(outcomeOf(undisturbed));
    }
  });
});

describe('a run whose newest checkpoint is damaged', () => {
  it('goes back to the one before it, and ends the same', async () => {
    const run = createRun();
    await run.go({ tunerDiesAt: undisturbed.entries.length - 12 }).catch(() => {});
    const newest = [...run.disk.keys()].at(-1);
    await finish(run, [{ damage: (file) => file === newest }]);
    expect(run.said.join()).toContain(`${newest} is damaged`);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('is left for good: a later crash in the same stage finds its way, too', async () => {
    const run = createRun();
    const isStart = (entry: Entry) =>
      entry.kind === 'decision' &&
      entry.decision.kind === 'commit-started' &&
      entry.decision.stage === 1;
    await run.go({ tunerDiesAt: undisturbed.entries.findIndex(isStart) }).catch(() => {});
    const start = [...run.disk.keys()].at(-1);
    const damage = (file: string) => file === start;
    await run.go({ damage, tunerDiesAt: run.entries.length + 8 }).catch(() => {});
    await finish(run, [{ damage }]);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });

  it('and all others too says that the run cannot go on', async () => {
    const run = createRun();
    await run.go({ tunerDiesAt: undisturbed.entries.length - 12 }).catch(() => {});
    await expect(run.go({ damage: () => true })).rejects.toMatchObject({
      code: 'RUN_DIRECTORY_UNUSABLE',
    });
  });
});

describe('a finished run', () => {
  it('is extended to a larger total, its past unchanged, however often it is resumed', async () => {
    const run = createRun();
    await finish(run);
    const before = run.result;
    await run.go({ tunerDiesAt: run.entries.length + 25 }, { steps: 700 }).catch(() => {});
    await finish(run);
    const after = run.result;
    expect(after.steps.committed).toBe(700);
    expect(after.stages.slice(0, before.stages.length)).toEqual(before.stages);
    const whole = createRun();
    await whole.go({}, { steps: 700 });
    expect(outcomeOf(whole)).toEqual(outcomeOf(run));
  });
});

describe('a journal of another run', () => {
  it('is refused where the strategy would have done otherwise', async () => {
    const run = createRun();
    await run.go({ tunerDiesAt: 30 }).catch(() => {});
    const other = createRun(resolveOptions({ ...TUNER, seed: 1 }));
    other.entries.push(...run.entries);
    await expect(other.go()).rejects.toMatchObject({ code: 'JOURNAL_MISMATCH' });
  });
});

describe('a trainer without room for checkpoints in memory', () => {
  it('keeps them in the scratch folder, and trains the same', async () => {
    const run = new SimulatedRun({ tuner: TUNER, checkpointSteps: 40, hasMemory: false });
    await finish(run);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
    const places = run.commands.flatMap((command) => ('path' in command ? [command.path] : []));
    expect(places).toContain('scratch/stage-0');
    const inMemory = run.commands.filter((c) => 'checkpoint' in c && c.path === undefined);
    expect(inMemory).toEqual([]);
  });
});

describe('a run whose script cannot read its checkpoint', () => {
  it('says that another script wrote it, and does not start it again', async () => {
    const run = createRun();
    await run.go({ tunerDiesAt: undisturbed.entries.length - 12 }).catch(() => {});
    const { starts } = run;
    const first = run.commands.length + 1;
    const dies = run.go({ trainerDiesAt: (asked) => asked >= first, raises: 'storage' });
    await expect(dies).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      message: expect.stringMatching(/^resume with the command .* another script wrote it/),
    });
    expect(run.starts - starts).toBe(1);
    await finish(run);
    expect(outcomeOf(run)).toEqual(outcomeOf(undisturbed));
  });
});
