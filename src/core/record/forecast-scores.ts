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
  readonly actual: number | null;
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

export class ForecastScores {
  #forecasts: readonly ScoredForecast[] = [];

  /** In the order in which they were said. */
  get forecasts(): readonly ScoredForecast[] {
    return this.#forecasts;
  }

  say(forecast: Omit<ScoredForecast, 'actual'>): void {
    this.#forecasts = [...this.#forecasts, { ...forecast, actual: null }];
  }

  /** What all open forecasts of this end spoke of has come. */
  settle(of: ScoredForecast['of'], actual: number | null): void {
    this.#forecasts = this.#forecasts.map((forecast) =>
      forecast.of === of && forecast.actual === null ? { ...forecast, actual } : forecast,
    );
  }

  /** What open forecasts of this end spoke of will not come. */
  drop(of: ScoredForecast['of']): void {
    this.#forecasts = this.#forecasts.filter((said) => said.of !== of || said.actual !== null);
  }
}

/** Of the forecasts whose end came, how many lay in their bands. */
export function coverageOf(forecasts: readonly ScoredForecast[]): {
  readonly inside: number;
  readonly scored: number;
} {
  const scored = forecasts.filter(({ actual }) => actual !== null);
  const inside = scored.filter(
    ({ actual, low, high }) => actual !== null && low <= actual && actual <= high,
  );
  return { inside: inside.length, scored: scored.length };
}
