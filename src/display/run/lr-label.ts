/** What people read for an LR: with `keepSchedule` it is a factor on the script's own. */

export type LrLabel = 'LR' | 'factor';

export function lrLabel({ keepSchedule }: { readonly keepSchedule: boolean }): LrLabel {
  return keepSchedule ? 'factor' : 'LR';
}
