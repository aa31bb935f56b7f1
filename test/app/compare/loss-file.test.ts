import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCells } from '../../../src/app/compare/csv-line.js';
import { decodeText } from '../../../src/app/compare/decode-text.js';
import { parseLossFile } from '../../../src/app/compare/loss-file.js';
import { AutolrsError } from '../../../src/core/errors.js';

const parse = (...lines: string[]) => parseLossFile(lines.join('\n'), 'losses');
const at = (step: number, loss: number) => ({ total: step, committed: step, loss });

describe('splitCells', () => {
  it('takes quoted cells, doubled quotes and spaces, and any separator', () => {
    expect(splitCells(' 1 , "a,""b"" " ,', ',')).toEqual(['1', 'a,"b" ', '']);
    expect(splitCells('"1;0";2', ';')).toEqual(['1;0', '2']);
  });

  it('takes a quote that is not closed, or has more after it, as it stands', () => {
    expect(splitCells('"a,b', ',')).toEqual(['"a', 'b']);
    expect(splitCells('"a"b,c', ',')).toEqual(['"a"b', 'c']);
  });

  it('takes a cell of megabytes', () => {
    const cell = 'a'.repeat(30_000_000);
    expect(splitCells(`1,"${cell}"`, ',')[1]?.length).toBe(cell.length);
  });
});

describe('decodeText', () => {
  it('reads UTF-8 and both kinds of UTF-16, with a mark and without', () => {
    const little = Buffer.from('step,loss', 'utf16le');
    const big = Buffer.from(little).swap16();
    const texts = [
      Buffer.from('step,loss'),
      Buffer.from('\ufeffstep,loss'),
      little,
      big,
      Buffer.concat([Buffer.from([0xff, 0xfe]), little]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), big]),
    ];
    expect(texts.map(decodeText)).toEqual(texts.map(() => 'step,loss'));
  });
});

describe('parseLossFile', () => {
  it('takes semicolons with commas for the point, and tabs', () => {
    const [semicolons, tabs] = ['step;loss\r\n1;0,5\r\n2;-1,5e-1', 'step\tloss\r1\t0.5\r2\t-0.15'];
    for (const text of [semicolons, tabs]) {
      const { training } = parseLossFile(text ?? '', 'losses');
      expect(training.map(({ loss }) => loss)).toEqual([0.5, -0.15]);
    }
  });

  it('refuses in a sentence what is nested too deeply, or has no words for itself', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const step of ['{"toString": 1}', deep, `{"a": ${deep}}`]) {
      const parse = () => parseLossFile(`{"step": ${step}, "loss": 1}`, 'losses');
      expect(parse).toThrow(/^line 1 of "losses" has the step /);
    }
    const parse = () => parseLossFile('{"step": 1, "loss": {"mean": [1]}}', 'losses');
    expect(parse).toThrow('has the loss {"mean":[1]}, which is not a number');
  });

  it('reads CSV: columns in any order, others ignored, losses that are not there left out', () => {
    expect(
      parse('epoch,val_loss,step,loss', '0,,10,2.5', '0,2.25,20,2', '1, ,30,1.5e0', ''),
    ).toEqual({
      training: [at(10, 2.5), at(20, 2), at(30, 1.5)],
      validation: [at(20, 2.25)],
    });
  });

  it('reads CSV as others write it: byte order mark, CRLF, quotes with commas in them', () => {
    expect(parse('\ufeff"step","note","loss"\r', '"1","a ""b"", c","2.5"\r', '2,,1\r')).toEqual({
      training: [at(1, 2.5), at(2, 1)],
      validation: [],
    });
  });

  it('reads JSON lines, and what Python’s json makes of a NaN', () => {
    expect(
      parse(
        '{"step": 1, "loss": 2.5, "note": "x: NaN"}',
        '',
        '{"step": 2, "loss": NaN, "val_loss": null}',
        '{"step": 3, "val_loss": -Infinity}',
      ),
    ).toEqual({
      training: [at(1, 2.5), at(2, Number.NaN)],
      validation: [at(3, Number.NaN)],
    });
  });

  it('reads nan and inf as losses that are not finite', () => {
    expect(parse('step,loss', '1,nan', '2,-inf', '3,NaN').training).toEqual(
      [1, 2, 3].map((step) => at(step, Number.NaN)),
    );
  });

  it('takes a step twice where the second line has the other loss', () => {
    expect(parse('step,loss,val_loss', '5,2,', '5,,3')).toEqual({
      training: [at(5, 2)],
      validation: [at(5, 3)],
    });
  });

  it('refuses everything else in one sentence that names the line and what to do', () => {
    const refusals: readonly (readonly [lines: readonly string[], sentence: RegExp])[] = [
      [[''], /^"losses" is empty; give/],
      [['step,loss'], /^"losses" has no losses; give/],
      [['step,val_loss', '1,'], /has no losses/],
      [['epoch,loss', '1,2'], /its first line is "epoch,loss"; give a CSV file with the columns/],
      [['step,accuracy', '1,2'], /its first line is "step,accuracy"/],
      [['\u0000\u001b[31mPK'], /its first line is "\\u0000\\u001b\[31mPK"/],
      [['step,loss', '1,2', '2,abc'], /^line 3 of "losses" has the loss "abc", which is not a num/],
      [['step,loss', '1,0x'], /has the loss "0x"/],
      [
        ['step,loss', 'one,2'],
        /^line 2 of "losses" has the step "one"; give the optimizer updates/,
      ],
      [['step,loss', '1.5,2'], /has the step "1.5"/],
      [['step,loss', '-1,2'], /has the step "-1"/],
      [['step,loss', ',2'], /^line 2 of "losses" has no step; give/],
      [
        ['step,loss', '1,2,3'],
        /^line 2 of "losses" has 3 cells where the first line has 2 columns/,
      ],
      [['step,loss', '2,1', '1,2'], /^line 3 .* has a loss of step 1 after one of step 2; sort/],
      [['step,loss', '2,1', '2,1'], /^line 3 .* has a loss of step 2 after one of step 2; sort/],
      [['{"step": 1, "loss": 2}', '{"step": 2'], /^line 2 .* is not a JSON object: "{"step": 2"/],
      [['{"step": 1, "loss": "x"}'], /^line 1 .* has the loss "x"/],
      [['{"step": 1, "loss": [1]}'], /^line 1 .* has the loss \[1\], which is not a number/],
      [['{"step": 1, "loss": true}'], /has the loss "true"/],
      [['{"loss": 1}'], /^line 1 .* has no step/],
    ];
    for (const [lines, sentence] of refusals) {
      let message = '';
      try {
        parse(...lines);
      } catch (error) {
        if (!(error instanceof AutolrsError)) throw error;
        expect(error.code).toBe('USAGE');
        message = error.message;
      }
      expect(message, lines.join('|')).toMatch(sentence);
      expect(message).not.toContain('\n');
    }
  });

  it('reads back any curve, and refuses any other text in words', () => {
    const losses = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(losses, (values) => {
        const rows = values.map((loss, i) => `${3 * i},${loss}`);
        const objects = values.map((loss, i) => JSON.stringify({ step: 3 * i, loss }));
        const read = [parse('step,loss', ...rows), parse(...objects)].map(
          ({ training }) => training.map(({ loss }) => loss + 0), // JSON has no -0
        );
        expect(read).toEqual([values.map((loss) => loss + 0), values.map((loss) => loss + 0)]);
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('', 'step,loss\n', '{"step":'), (text, start) => {
        try {
          parse(start + text);
        } catch (error) {
          expect(error).toBeInstanceOf(AutolrsError);
        }
      }),
    );
  });
});
