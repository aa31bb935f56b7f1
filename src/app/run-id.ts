/** A run's name: when it began, in UTC, and four random digits for those that begin in the same second. */

import { randomBytes } from 'node:crypto';

export function createRunId(now = new Date()): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${randomBytes(2).toString('hex')}`;
}
