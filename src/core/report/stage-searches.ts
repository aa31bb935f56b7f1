/** The searches of a run's stages: their probes by rung, what is believed between them, and what was chosen. */

import type { Decision, Interval } from '../conversation/decision.js';
import type { LossSurface, ProbePoint, ReportedRung, StageSearch } from './run-report.js';
import { gpSurface, parabolaSurface } from './surface.js';
import { round, roundOrNull, sample } from './thin.js';

/** Stages whose searches are drawn. */
const MOST_SEARCHES = 60;

interface OpenSearch {
  readonly stage: number;
  readonly from: number;
  readonly interval: Interval;
  readonly probes: { readonly point: ProbePoint; readonly planned: number }[];
  readonly isFactor: boolean;
  chosen: number | null;
}

export class StageSearches {
  readonly #strategy: string;
  readonly #searches: OpenSearch[] = [];
  /** A surface is costly, and holds as long as there is no other probe. */
  readonly #surfaces = new Map<string, LossSurface | undefined>();

  constructor(strategy: string) {
    this.#strategy = strategy;
  }

  /**
   * @param planned Steps that the probe which has ended was given.
   * @param isFactor Whether LRs are factors now.
   */
  add(decision: Decision, planned: number, isFactor: boolean): void {
    const search = this.#searches.at(-1);
    switch (decision.kind) {
      case 'stage-started': {
        const { stage, fromStep, interval } = decision;
        // A stage without probes leaves nothing to draw.
        if (search?.probes.length === 0) this.#searches.pop();
        const own = { stage, from: fromStep, interval, probes: [], isFactor, chosen: null };
        this.#searches.push(own);
        return;
      }
      case 'probe-ended': {
        const { lr, steps, outcome } = decision;
        const isForecast = outcome.kind === 'forecast';
        const loss = isForecast ? roundOrNull(outcome.loss) : null;
        const sd = isForecast && Number.isFinite(outcome.sd) ? round(outcome.sd) : 0;
        search?.probes.push({ point: { lr: round(lr), steps, loss, sd }, planned });
        return;
      }
      case 'factor-found':
        if (search) search.chosen = round(decision.peak);
        return;
      case 'commit-started':
        // A commit that is tried again is at another LR than was chosen.
        if (search?.stage === decision.stage) search.chosen ??= round(decision.lr);
        return;
      default:
        return;
    }
  }

  get count(): number {
    return this.#probed.length;
  }

  build(): readonly StageSearch[] {
    return sample(this.#probed, MOST_SEARCHES).map((search) => {
      const { stage, from, interval, isFactor, chosen } = search;
      return { stage, from, interval, isFactor, chosen, rungs: this.#rungsOf(search) };
    });
  }

  get #probed(): readonly OpenSearch[] {
    return this.#searches.filter(({ probes }) => probes.length > 0);
  }

  #rungsOf({ stage, from, probes, interval }: OpenSearch): readonly ReportedRung[] {
    const isPaper = this.#strategy === 'paper';
    const lengths = isPaper
      ? [undefined]
      : [...new Set(probes.map(({ planned }) => planned))].sort((a, b) => a - b);
    return lengths.map((length) => {
      const points = probes
        .filter(({ planned }) => length === undefined || planned === length)
        .map(({ point }) => point);
      const surface = this.#surfaceOf(`${stage} ${from} ${length} ${points.length}`, () =>
        isPaper ? gpSurface(points, interval) : parabolaSurface(points),
      );
      return { probes: points, ...(surface && { surface }) };
    });
  }

  #surfaceOf(key: string, make: () => LossSurface | undefined): LossSurface | undefined {
    if (!this.#surfaces.has(key)) this.#surfaces.set(key, make());
    return this.#surfaces.get(key);
  }
}
