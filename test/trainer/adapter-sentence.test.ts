import { describe, expect, it } from 'vitest';
import { adapterSentence } from '../../src/trainer/adapter-sentence.js';

const SENTENCE = 'the model is on two devices, cpu and cuda:0; move it to one before attach';

const traceback = (file: string, last: string) => [
  'Traceback (most recent call last):',
  '  File "/home/me/train.py", line 9, in <module>',
  '    tuner = attach(model, optimizer)',
  '            ^^^^^^^^^^^^^^^^^^^^^^^^',
  `  File "${file}", line 326, in attach`,
  '    raise ValueError(',
  last,
];

const OURS = '/venv/lib/python3.12/site-packages/autolrs/_torch/hooks.py';

describe('adapterSentence', () => {
  it('is what the adapter has raised, without the name of the exception', () => {
    for (const name of ['ValueError', 'TypeError', 'ImportError', 'autolrs.errors.NotHeldError'])
      expect(adapterSentence(traceback(OURS, `${name}: ${SENTENCE}`))).toBe(SENTENCE);
    const bug = "KeyError: 'lr'";
    expect(adapterSentence(traceback(OURS, bug))).toBe(bug);
  });

  it('is found behind a launcher’s marks and before its own last lines', () => {
    const lines = traceback(OURS, `ValueError: ${SENTENCE}`).map((line) => `[rank1]: ${line}`);
    expect(adapterSentence(['warmed up', ...lines, 'E1129 12:00 failed (exitcode: 1)'])).toBe(
      SENTENCE,
    );
  });

  it('is what it said where it ended the script by itself', () => {
    const said = 'there is no tuner at unix:/run/x.sock';
    expect(adapterSentence(['epoch 0', `autolrs: ${said}`])).toBe(said);
  });

  it('is none where other code has raised, or none', () => {
    const file = '/venv/lib/python3.12/site-packages/torch/nn/modules/module.py';
    for (const lines of [
      traceback(file, `ValueError: ${SENTENCE}`),
      traceback('/home/me/autolrs-tests/train.py', `ValueError: ${SENTENCE}`),
      ['Killed'],
      [],
    ]) {
      expect(adapterSentence(lines)).toBeUndefined();
    }
  });

  it('is short, and harmless to a terminal', () => {
    const sentence = adapterSentence(traceback(OURS, `ValueError: \u001b[31m${'x'.repeat(9000)}`));
    expect(sentence).toHaveLength(1000);
    expect(sentence).not.toContain('\u001b');
  });
});
