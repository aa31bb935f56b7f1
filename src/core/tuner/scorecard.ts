/** The forecasts of a run against what came. */

export interface ScoredForecast {
  /** Whether it spoke of the loss at the end of a stage, or of the run. */
  readonly of: 'stage' | 'run';
  /** Committed steps when it was said. */
  readonly step: number;
  readonly loss: number;
  /** Four of five should come between `low` and `high`. */
  readonly low: number;
  readonly high: number;
  /** The loss that came; null as long as it has not, and for good where the end that was spoken of never came. */
  readonly came: number | null;
}

/** Four of five normal deviates are within so many sds of the mean. */
const SDS_OF_BAND = 1.2816;

/** The band of a forecast that is normally distributed; it ends where numbers do. */
export function bandOf(loss: number, sd: number): { readonly low: number; readonly high: number } {
  const halfWidth = SDS_OF_BAND * sd;
  return {
    low: Math.max(-Number.MAX_VALUE, loss - halfWidth),
    high: Math.min(Number.MAX_VALUE, loss + halfWidth),
  };
}

export class Scorecard {
  #forecasts: readonly ScoredForecast[] = [];

  /** In the order in which they were said. */
  get forecasts(): readonly ScoredForecast[] {
    return this.#forecasts;
  }

  say(forecast: Omit<ScoredForecast, 'came'>): void {
    this.#forecasts = [...this.#forecasts, { ...forecast, came: null }];
  }

  /** What all open forecasts of this end spoke of has come. */
  come(of: ScoredForecast['of'], came: number | null): void {
    this.#forecasts = this.#forecasts.map((forecast) =>
      forecast.of === of && forecast.came === null ? { ...forecast, came } : forecast,
    );
  }

  /** What open forecasts of this end spoke of will not come. */
  drop(of: ScoredForecast['of']): void {
    this.#forecasts = this.#forecasts.filter((said) => said.of !== of || said.came !== null);
  }
}

/** Of the forecasts whose end came, how many lay in their bands. */
export function coverageOf(forecasts: readonly ScoredForecast[]): {
  readonly inside: number;
  readonly scored: number;
} {
  const scored = forecasts.filter(({ came }) => came !== null);
  const inside = scored.filter(
    ({ came, low, high }) => came !== null && low <= came && came <= high,
  );
  return { inside: inside.length, scored: scored.length };
}
