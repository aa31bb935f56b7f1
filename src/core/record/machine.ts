/** Where a run was started, for those who read of it later. */

export interface MachineFacts {
  readonly host: string;
  /** As `linux 6.1 x64`. */
  readonly system: string;
  /** Of the processor; empty where it is not told. */
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}
