import { describe, expect, it } from 'vitest';
import { isBetter, metricOf, orient, recordedMetric } from '../../src/core/metric.js';
import { resolveOptions, type TunerOptions } from '../../src/core/options.js';

const sentenceOf = (options: Partial<TunerOptions>) => {
  try {
    resolveOptions(options);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('the options of a metric', () => {
  it('are none for a run that goes by the loss', () => {
    expect(metricOf(resolveOptions({}))).toBeUndefined();
    expect(Object.keys(resolveOptions({}))).not.toContain('metric');
  });

  it('say which way is better, lower unless more of it is', () => {
    expect(metricOf(resolveOptions({ metric: 'wer' }))).toEqual({ name: 'wer', maximize: false });
    const options = resolveOptions({ metric: 'accuracy', maximize: true, target: 0.9 });
    expect(metricOf(options)).toEqual({ name: 'accuracy', maximize: true });
  });

  it.each([
    'accuracy',
    'val_acc',
    'eval/F1',
    'hits@10',
    'sparse_categorical_accuracy',
    'meanIoU',
    'valF1',
    'roc-auc',
    'F1Score',
    'rouge2',
    'mAP50-95',
  ])('are not guessed for %s, of which more is usually better', (metric) => {
    expect(sentenceOf({ metric })).toBe(
      `\`metric\` is "${metric}", of which more is usually better; give \`maximize\`, or \`maximize: false\` if less of it is better`,
    );
    expect(sentenceOf({ metric, maximize: true })).toBeUndefined();
    expect(sentenceOf({ metric, maximize: false })).toBeUndefined();
  });

  it.each(['wer', 'perplexity', 'mae', 'rmse', 'bits_per_char', 'space', 'macro', 'error'])(
    'take %s as it is, less being better',
    (metric) => expect(sentenceOf({ metric })).toBeUndefined(),
  );

  it('are refused where they do not go together', () => {
    expect(sentenceOf({ maximize: true })).toContain('`maximize` is about a metric');
    expect(sentenceOf({ target: 0.9 })).toContain('`target` is a value of a metric');
    expect(sentenceOf({ metric: 'loss' })).toContain('beside its loss');
    expect(sentenceOf({ metric: ' ' })).toContain('beside its loss');
    expect(sentenceOf({ metric: 'wer', target: Number.NaN })).toContain('give a finite number');
    expect(sentenceOf({ metric: 'wer', targetLoss: 1 })).toContain('give `target`');
    expect(sentenceOf({ metric: 'wer', validation: 'never' })).toContain('leave one out');
  });

  it('are read from a journal that anybody may have written', () => {
    expect(recordedMetric({ metric: 'wer' })).toEqual({ name: 'wer', maximize: false });
    expect(recordedMetric({ metric: 3, maximize: true })).toBeUndefined();
    expect(recordedMetric({})).toBeUndefined();
  });
});

describe('a score', () => {
  const accuracy = { name: 'accuracy', maximize: true };

  it('is lower the better the value is, and comes back from it', () => {
    expect(orient(0.9, accuracy)).toBeLessThan(orient(0.8, accuracy));
    expect(orient(orient(0.9, accuracy), accuracy)).toBe(0.9);
    expect(Object.is(orient(0, accuracy), 0)).toBe(true); // -0 would be shown
    expect(orient(0.9, undefined)).toBe(0.9);
  });

  it('that is not known or not finite is no better than any, and any is better than it', () => {
    expect(isBetter(1, 2)).toBe(true);
    expect(isBetter(2, 2)).toBe(false);
    expect(isBetter(Number.NaN, 2)).toBe(false);
    expect(isBetter(undefined, undefined)).toBe(false);
    expect(isBetter(2, undefined)).toBe(true);
    expect(isBetter(2, Number.NaN)).toBe(true);
  });
});
