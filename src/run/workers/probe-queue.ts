/** Which probes of a batch are still to be done: each is taken by one process, and comes back where that fails. */

/** Failures on workers after which a probe is left to the main process, which can tell what is at fault. */
const MOST_FAILURES = 2;

/** How many times the time of the others one that runs may take before it is done by another as well. */
const LATE_FACTOR = 3;

/** Times that are no matter of a probe but of the moment, in seconds. */
const LEAST_LATE_SECONDS = 1;

/** The process that all else is asked of. */
export const MAIN = 0;

interface Probe {
  state: 'waiting' | 'taken' | 'done';
  failures: number;
  /** When it was taken last, in seconds of the caller's clock. */
  since: number;
}

export class ProbeQueue {
  readonly #probes: readonly Probe[];
  /** Seconds that those took which are done. */
  readonly #took: number[] = [];
  #wake: () => void = () => {};
  #changed = this.#nextChange();
  #failure: unknown;
  #isClosed = false;

  /** @param isDone Whether the probe of that index is answered already. */
  constructor(count: number, isDone: (index: number) => boolean) {
    this.#probes = Array.from({ length: count }, (_, index) => ({
      state: isDone(index) ? 'done' : 'waiting',
      failures: 0,
      since: 0,
    }));
  }

  /** Whether all is done, or nothing more is to be. */
  get isOver(): boolean {
    return this.#isClosed || this.#probes.every(({ state }) => state === 'done');
  }

  /** Resolves once a probe is done or comes back, or the queue is closed. */
  get changed(): Promise<void> {
    return this.#changed;
  }

  /** Whether there is a probe for that process. */
  hasWork(worker: number): boolean {
    return !this.isOver && this.#waiting(worker) !== undefined;
  }

  /** The next probe, in the order of the batch; undefined where there is none to be had now. */
  take(worker: number, now: number): number | undefined {
    const index = this.isOver ? undefined : this.#waiting(worker);
    if (index !== undefined) this.#begin(index, now);
    return index;
  }

  /** A probe that another has for much longer than the rest took; the first answer counts. */
  takeLate(now: number): number | undefined {
    const late = this.#probes.findIndex(
      ({ state, since }) => state === 'taken' && now - since >= this.#lateSeconds,
    );
    if (late < 0 || this.isOver) return undefined;
    this.#begin(late, now);
    return late;
  }

  /** Seconds until one that runs may be late; infinite where nothing tells. */
  secondsUntilLate(now: number): number {
    const since = this.#probes.filter(({ state }) => state === 'taken').map((probe) => probe.since);
    return Math.max(0, Math.min(...since) + this.#lateSeconds - now);
  }

  /** It is not done: another may take it. */
  giveBack(index: number): void {
    const probe = this.#probes[index];
    if (probe?.state !== 'taken') return;
    probe.state = 'waiting';
    probe.failures++;
    this.#change();
  }

  /** It is answered. False where it was already, by another. */
  settle(index: number, now: number): boolean {
    const probe = this.#probes[index];
    if (probe === undefined || probe.state === 'done' || this.#isClosed) return false;
    if (probe.state === 'taken') this.#took.push(now - probe.since);
    probe.state = 'done';
    this.#change();
    return true;
  }

  /** Nothing more is to be done. @param failure Why, where that is an error. */
  close(failure?: unknown): void {
    this.#failure ??= failure;
    this.#isClosed = true;
    this.#change();
  }

  /** @throws what it was closed with. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #waiting(worker: number): number | undefined {
    const index = this.#probes.findIndex(
      ({ state, failures }) => state === 'waiting' && (worker === MAIN || failures < MOST_FAILURES),
    );
    return index < 0 ? undefined : index;
  }

  #begin(index: number, now: number): void {
    const probe = this.#probes[index];
    if (probe === undefined) return;
    probe.state = 'taken';
    probe.since = now;
  }

  get #lateSeconds(): number {
    const took = this.#took.toSorted((a, b) => a - b);
    const median = took[Math.floor(took.length / 2)];
    return median === undefined ? Infinity : Math.max(LEAST_LATE_SECONDS, LATE_FACTOR * median);
  }

  #change(): void {
    const wake = this.#wake;
    this.#changed = this.#nextChange();
    wake();
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
