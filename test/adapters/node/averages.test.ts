import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Driver } from './driver.js';

const SCRIPT = 'fixtures/averages.mjs';
const AVERAGE = { powers: [0, 3], every: 2, since: 0 };

async function validate(driver: Driver, at?: number): Promise<unknown> {
  return (await driver.get('validate', { ...(at !== undefined && { at }) }))['loss'];
}

/** Trains update by update; the sum of the weights after each. */
async function train(driver: Driver, steps: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < steps; i++) {
    await driver.get('train', { steps: 1, lr: 0.1, average: AVERAGE });
    seen.push(Number(await validate(driver)));
  }
  return seen;
}

describe('averages of the weights', () => {
  test('are of every second update by their powers, and a look leaves the weights alone', async () => {
    const driver = new Driver(SCRIPT);
    expect(await driver.get('initialize')).toMatchObject({ can: { average: true } });
    const seen = await train(driver, 6);
    const [first = 0, , second = 0, , third = 0] = seen;
    expect(await validate(driver, 0)).toBeCloseTo((first + second + third) / 3, 12);
    // Sample n of N weighs C(n + k - 1, k) / C(N + k, k + 1): 1, 4 and 10 of 15.
    expect(await validate(driver, 3)).toBeCloseTo((first + 4 * second + 10 * third) / 15, 12);
    expect(await validate(driver)).toBe(seen.at(-1));
  });

  test('are restored with a checkpoint, in the same process and in a new one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'autolrs-node-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const path = join(dir, 'averaged');
    const driver = new Driver(SCRIPT);
    await train(driver, 3);
    await driver.get('save', { id: 'a' });
    await driver.get('save', { id: 'b', path });
    await train(driver, 3);
    const expected = await validate(driver, 3);
    await driver.get('restore', { id: 'a' });
    await train(driver, 3);
    expect(await validate(driver, 3)).toBe(expected);
    const anew = new Driver(SCRIPT);
    await anew.get('restore', { id: 'b', path });
    await train(anew, 3);
    expect(await validate(anew, 3)).toBe(expected);
  });

  test('are dropped by training without them, and begin anew for another beginning', async () => {
    const driver = new Driver(SCRIPT);
    await train(driver, 4);
    await driver.get('train', { steps: 1, lr: 0.1 });
    const { error } = await driver.ask('validate', { at: 3 });
    expect(error?.message).toContain('no average of power 3');
    const [first] = await train(driver, 2);
    expect(await validate(driver, 3)).toBe(first);
    await driver.get('train', { steps: 1, lr: 0, average: { ...AVERAGE, since: 9 } });
    expect(await validate(driver, 3)).toBe(await validate(driver));
  });

  test.each([
    { isAdopted: true, stays: 'averaged' },
    { isAdopted: false, stays: 'raw' },
  ])('the script is told that $stays weights stay', async ({ isAdopted, stays }) => {
    const driver = new Driver(SCRIPT);
    await train(driver, 4);
    const average = await validate(driver, 0);
    if (isAdopted) {
      expect(await driver.get('adopt', { at: 0 })).toEqual({ seconds: expect.any(Number) });
      expect(await validate(driver)).toBe(average);
    }
    await driver.get('shutdown');
    expect((await driver.ended).stderr).toBe(`${stays}\n`);
  });

  test('are not offered by a script that does not hand its weights over', async () => {
    const driver = new Driver(SCRIPT, ['blind']);
    expect(await driver.get('initialize')).not.toMatchObject({ can: { average: true } });
    const { error } = await driver.ask('train', { steps: 1, lr: 0.1, average: AVERAGE });
    expect(error?.message).toContain('no weights to average');
  });

  test.each([
    [{ powers: [-1], every: 1, since: 0 }, 'powers'],
    [{ powers: [1], every: 0, since: 0 }, 'every'],
    [{ powers: [1], every: 1 }, 'since'],
    [[20], 'average'],
    ['all', 'average'],
  ])('%j is refused by the name of what is wrong', async (average, field) => {
    const driver = new Driver(SCRIPT);
    const { error } = await driver.ask('train', { steps: 1, lr: 0.1, average });
    expect(error?.message).toContain(`"${field}" must be`);
  });
});
