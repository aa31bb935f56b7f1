import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../../src/core/options.js';
import { coverageOf } from '../../../src/core/record/forecast-scores.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/create-strategy.js';
import { paper } from '../../../src/core/strategies/paper/strategy.js';
import { createLiveDisplay, renderProgress } from '../../../src/display/run/live.js';
import { narrate } from '../../../src/display/run/narrate.js';
import { createPlainDisplay } from '../../../src/display/run/plain.js';
import { Progress } from '../../../src/display/run/progress.js';
import { summarize } from '../../../src/display/run/summary.js';
import {
  formatCount,
  formatLoss,
  formatLr,
  formatSeconds,
  formatShare,
} from '../../../src/display/text/format.js';
import { drive } from '../../support/drive.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const ESCAPE = String.fromCharCode(27);

function playRun(divergesAbove = Number.POSITIVE_INFINITY) {
  const trainer = new SimulatedTrainer({ divergesAbove });
  return drive(
    paper(resolveOptions({ steps: 123_456, warmupSteps: 30, tauMax: 4000 }), trainer.facts),
    trainer,
  );
}

function createSink() {
  let text = '';
  return {
    columns: 60,
    write(chunk: string | Uint8Array) {
      text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    },
    get text() {
      return text;
    },
  };
}

describe('numbers for people', () => {
  it('have few digits and no locale', () => {
    expect([0.05, 1e-4, 12_345, 0, 1].map(formatLr)).toEqual([
      '0.0500',
      '1.00e-4',
      '1.23e4',
      '0',
      '1.00',
    ]);
    expect([2.34567, Number.NaN, null, undefined].map(formatLoss)).toEqual([
      '2.346',
      '-',
      '-',
      '-',
    ]);
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0.123, 5, 59.6, 200, 7500].map(formatSeconds)).toEqual([
      '0.12 s',
      '5.0 s',
      '1 min 00 s',
      '3 min 20 s',
      '2 h 05 min',
    ]);
    expect([formatShare(1, 3), formatShare(0, 0)]).toEqual(['33 %', '-']);
  });
});

describe('the plain display', () => {
  it('says one line an event, free of escapes, of at most 80 columns', () => {
    const sink = createSink();
    const display = createPlainDisplay(sink, 'LR');
    for (const entry of playRun(0.4).entries) display.add(entry);
    expect(sink.text).not.toContain(ESCAPE);
    const lines = sink.text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatch(/^autolrs: /);
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('passes the trainer’s bytes on unchanged and never begins its own line inside one', () => {
    const sink = createSink();
    const display = createPlainDisplay(sink, 'LR');
    void display.passOn('half a line');
    display.say('hello');
    void display.passOn('whole\n');
    display.say('again');
    expect(sink.text).toBe('half a line\nautolrs: hello\nwhole\nautolrs: again\n');
  });
});

describe('the live display', () => {
  it('redraws in place, cut to the terminal’s width, and leaves nothing behind but whole lines', () => {
    const sink = createSink();
    const display = createLiveDisplay(sink, 'LR');
    for (const entry of playRun().entries) display.add(entry);
    void display.passOn('trainer says\n');
    display.close();
    const drawn = sink.text.split(ESCAPE);
    expect(drawn.length).toBeGreaterThan(10);
    expect(sink.text.endsWith(`${ESCAPE}[0J`)).toBe(true);
    expect(sink.text).toContain('trainer says\n');
  });

  it('shows stage, probe, LR, loss, forecast, shares, speed and time left', () => {
    const progress = new Progress();
    const { entries } = playRun();
    const third = entries.findIndex(
      (e) =>
        e.kind === 'decision' &&
        e.decision.kind === 'probe-started' &&
        e.decision.stage === 2 &&
        e.decision.probe === 2,
    );
    for (const entry of entries.slice(0, third + 2)) progress.add(entry);
    const [doing = '', done = ''] = renderProgress(progress.snapshot(), 'LR');
    expect(doing).toMatch(/^stage 2 {2}probe 3 of 10 {2}LR \S+ {2}loss \S+ {2}forecast \S+$/);
    expect(done).toMatch(
      /^\[#*\.+\] \d+ % {2}[\d,]+ committed {2}search \d+ % {2}[\d,]+ steps\/s {2}ETA .+$/,
    );
    expect(Math.max(doing.length, done.length)).toBeLessThan(80);
  });

  it('counts losses told by progress once, not again with the reply', () => {
    const progress = new Progress();
    progress.add({
      kind: 'command',
      command: { kind: 'train', purpose: 'commit', steps: 3, lr: 0.1 },
    });
    progress.tell([1, 2]);
    expect(progress.snapshot().ledger).toEqual({ committed: 2, search: 0 });
    const reply = {
      kind: 'trained',
      steps: 3,
      losses: [1, 2, 3],
      lr: 0.1,
      step: 3,
      seconds: 1,
    } as const;
    progress.add({ kind: 'reply', reply });
    expect(progress.snapshot().ledger).toEqual({ committed: 3, search: 0 });
  });
});

/** A run of strategy `horizon` whose model is best at step 1,000 of its commit. */
function playHorizon() {
  const trainer = new SimulatedTrainer({ rate: 0.0005 });
  const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
  return drive(beginStrategy(options, trainer.facts), {
    answer(command) {
      const reply = trainer.answer(command);
      if (reply.kind !== 'validated') return reply;
      return { ...reply, loss: 1 + Math.abs(trainer.model.step - 1000) / 1000 };
    },
  });
}

describe('strategy horizon, told to people', () => {
  const { entries, decisions } = playHorizon();
  const lines = decisions.flatMap((decision) => narrate(decision, 'LR') ?? []);

  it('says what the search will cost, why an LR is cut, and what a probe ended with', () => {
    const text = lines.join('\n');
    expect(text).toMatch(/search: \d+ of 5,000 steps, at most 500 \(ramp 50, 5 probes of 17, 2/);
    expect(text).toMatch(
      /step [\d,]+: (no improvement|validation loss rises).*; back to step [\d,]+, LR/,
    );
    expect(text).toMatch(/probe 1: LR \S+, loss \S+ after 17 steps/);
    expect(text).not.toMatch(/NaN|undefined|\+- 0(?![.\d])|0 probes/);
    expect(text).toMatch(/^stage 0: [\d,]+ steps from 0$/m); // its probes are of two lengths
    const progress = new Progress();
    for (const entry of entries) {
      progress.add(entry);
      expect(progress.snapshot().activity).not.toMatch(/ of /);
    }
  });

  it('counts as committed what stays, also after the run went back', () => {
    const progress = new Progress();
    const result = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    result.begin(0);
    let backs = 0;
    for (const entry of entries) {
      const before = progress.snapshot().ledger.committed;
      progress.add(entry);
      result.add(entry);
      expect(progress.snapshot().ledger).toEqual(result.ledger);
      if (progress.snapshot().ledger.committed < before) backs++;
    }
    expect(backs).toBeGreaterThan(0);
  });

  function tell(trainer: SimulatedTrainer, options: Partial<TunerOptions>): string {
    const strategy = resolveOptions({ strategy: 'horizon', ...options });
    const { decisions } = drive(beginStrategy(strategy, trainer.facts), trainer);
    return decisions.flatMap((decision) => narrate(decision, 'LR') ?? []).join('\n');
  }

  it('says why there is no search', () => {
    const short = tell(new SimulatedTrainer(), { budget: 100 });
    expect(short).toContain(
      'search: none; it may take 10 of 100 steps, too few for one; 320 would be enough',
    );
    const thrifty = tell(new SimulatedTrainer(), { budget: 5000, searchBudget: 0.001 });
    expect(thrifty).toContain(
      'search: none; it may take 5 of 5,000 steps, too few for one; 3,000,000 would be enough',
    );
    const factor = { keepSchedule: true, budget: 240 } as const;
    const own = tell(new SimulatedTrainer({ ownLr: () => 0.01 }), factor);
    expect(own).toContain('it may take 24 of 240 steps, too few for one; 800 would be enough');
    const never = tell(new SimulatedTrainer(), { budget: 50, searchBudget: 5e-324 });
    expect(never).toContain('too few for one\n');
  });

  it('has words for a ramp that diverges at its first step', () => {
    const spike = { step: 0, loss: Number.NaN };
    const text = tell(new SimulatedTrainer({ spike }), { budget: 5000 });
    expect(text).toContain('no loss clearly below the first, diverged at');
    expect(text).not.toContain('NaN');
  });

  it('names the LR that comes, also where it is above the one before', () => {
    const evidence = { kind: 'stall', looks: 4 } as const;
    const cut = { kind: 'lr-cut', stage: 0, step: 841, lr: 0.0359, nextLr: 0.0536 } as const;
    expect(narrate({ ...cut, evidence, backToStep: 654 }, 'LR')).toBe(
      'step 841: no improvement for 4 evaluations; back to step 654, LR 0.0536, falling to 0',
    );
  });

  it('shows each forecast of the end with what came, and how many bands held', () => {
    const trainer = new SimulatedTrainer({ rate: 0.0005 });
    const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
    const played = drive(beginStrategy(options, trainer.facts), trainer);
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    builder.begin(0);
    for (const entry of played.entries) builder.add(entry);
    const result = builder.build('finished', 1);
    expect(result.forecasts.length).toBeGreaterThan(1);
    const summary = summarize(result);
    const lines = summary.filter((line) =>
      /at step [\d,]+ \(.* to .*\): .*, (inside|above|below)/.test(line),
    );
    expect(lines).toHaveLength(result.forecasts.length);
    expect(lines[0]).toMatch(/^forecast {4}/);
    for (const line of summary) expect(line.length).toBeLessThanOrEqual(80);
    for (const line of played.decisions.map((d) => narrate(d, 'LR') ?? '')) {
      expect(`autolrs: ${line}`.length, line).toBeLessThanOrEqual(90);
    }
    const { inside, scored } = coverageOf(result.forecasts);
    expect(summary).toContain(
      `            ${inside} of ${scored} inside their bands (made for 4 of 5)`,
    );
  });

  it('tells when an older model was validated than the one that was kept', () => {
    const trainer = new SimulatedTrainer({ rate: 0.0005 });
    const options = resolveOptions({ strategy: 'horizon', budget: 5000 });
    const { entries } = drive(beginStrategy(options, trainer.facts), trainer);
    const lossLineAfter = (count: number) => {
      const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
      builder.begin(0);
      for (const entry of entries.slice(0, count)) builder.add(entry);
      const result = builder.build('finished', 1);
      return { ...result, line: summarize(result).find((line) => line.startsWith('loss ')) };
    };
    const whole = lossLineAfter(entries.length);
    expect(whole.loss.validationStep).toBe(whole.steps.committed);
    expect(whole.line).toMatch(/; validation [\d.]+$/);
    const lastReplyTrained = entries.findLastIndex(
      (entry) => entry.kind === 'reply' && entry.reply.kind === 'trained',
    );
    const cut = lossLineAfter(lastReplyTrained + 1);
    const { validationStep } = cut.loss;
    expect(validationStep).toBeLessThan(cut.steps.committed);
    expect(cut.line).toMatch(
      new RegExp(`; validation [\\d.]+ at step ${validationStep?.toLocaleString('en')}$`),
    );
  });

  it('shows a course that falls at every step by a dozen of its LRs, first and last among them', () => {
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    const result = builder.build('finished', 1);
    const summary = summarize(result);
    const shown = summary.filter((line) => line.includes(' from step '));
    expect(shown).toHaveLength(12);
    expect(shown[0]).toContain('from step 0');
    const last = result.schedule.at(-1)?.step ?? 0;
    expect(shown.at(-1)).toContain(`from step ${formatCount(last)}`);
    expect(summary.join('\n')).toMatch(/12 of [\d,]+ changes; all are in schedule.json/);
    expect(summary.join('\n')).toMatch(
      /search \+ [\d,]+ rolled back = [\d,]+\n {12}\(search \d+ %, commits that/,
    );
    for (const line of summary) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('a run over the script own schedule', () => {
  const trainer = new SimulatedTrainer({ total: 1000, ownLr: () => 0.01 });
  const options = resolveOptions({ keepSchedule: true });
  const { decisions, entries } = drive(beginStrategy(options, trainer.facts), trainer);

  it('is told in factors, and nowhere in LRs', () => {
    const lines = decisions.flatMap((decision) => narrate(decision, 'factor') ?? []);
    expect(lines.join('\n')).toContain('stage 0 commit: 100 steps at factor 1.00');
    expect(lines.join('\n')).not.toContain('LR');
    const progress = new Progress();
    for (const entry of entries) progress.add(entry);
    expect(renderProgress(progress.snapshot(), 'factor').join('\n')).toMatch(/factor [\d.]+/);
  });

  it('has an account that says whose LR it is', () => {
    const facts = { id: 'r', dir: 'd', strategy: 'horizon', keepSchedule: true, seed: 0 } as const;
    const builder = new ResultBuilder(facts);
    builder.begin(0);
    for (const entry of entries) builder.add(entry);
    const [, , base, ...others] = summarize(builder.build('finished', 1));
    expect(base).toBe("base        the script's own schedule, times a factor");
    expect(others.join('\n')).not.toContain('LR');
    for (const line of others) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(summarize(builder.build('diverged', 1))[1]).toContain('search lower factors');
  });
});

describe('the summary', () => {
  it('fits 80 columns, whatever the numbers', () => {
    const builder = new ResultBuilder({
      id: '20261124-101010-abcd',
      dir: 'd',
      strategy: 'paper',
      seed: 0,
    });
    builder.begin(0);
    for (const entry of playRun(0.4).entries) builder.add(entry);
    const lines = summarize(builder.build('finished', 98_765));
    expect(lines.join('\n')).toContain('123,456 committed');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
