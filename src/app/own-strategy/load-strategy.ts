/** A strategy in a file of the user's, loaded. */

import { pathToFileURL } from 'node:url';
import { AutolrsError } from '../../core/errors.js';
import type { StrategySource } from '../../core/options.js';
import type { Strategy } from '../../core/strategies/registry.js';
import { guardStrategy, type OwnStrategy } from './guard-strategy.js';
import { sourceOf } from './strategy-file.js';

/** @throws AutolrsError `USAGE` for a file that cannot be loaded or exports no generator. */
export async function loadStrategy({ path }: Pick<StrategySource, 'path'>): Promise<Strategy> {
  sourceOf(path);
  let module: { readonly default?: unknown; readonly strategy?: unknown };
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new AutolrsError('USAGE', `strategy ${path} cannot be loaded: ${String(error)}`, {
      cause: error,
    });
  }
  const own = module.strategy ?? module.default;
  if (typeof own === 'function') return guardStrategy(path, own as OwnStrategy); // which looks at what it yields
  throw new AutolrsError(
    'USAGE',
    `strategy ${path} exports no generator; write: export function* strategy(options, facts, tools) { … }`,
  );
}
