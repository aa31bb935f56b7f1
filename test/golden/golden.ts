/** The numbers that `generate.py` wrote, inputs included, with their types. */

import { readFileSync } from 'node:fs';
import type { GpHyperparameters, GpPoint } from '../../src/core/search/gp.js';

export interface Golden {
  readonly versions: Readonly<Record<string, string>>;
  readonly random: readonly {
    readonly seed: number;
    readonly uniforms: readonly number[];
    readonly normals: readonly number[];
  }[];
  readonly matern: readonly {
    readonly distance: number;
    readonly lengthScale: number;
    readonly value: number;
    readonly slope: number;
  }[];
  readonly cholesky: readonly {
    readonly size: number;
    readonly matrix: readonly number[];
    readonly right: readonly number[];
    readonly solution: readonly number[];
    readonly lowerSolution: readonly number[];
    readonly inverse: readonly number[];
    readonly logDeterminant: number;
  }[];
  readonly gpFixed: readonly {
    readonly name: string;
    readonly points: readonly GpPoint[];
    readonly hyperparameters: GpHyperparameters;
    readonly at: readonly number[];
    readonly mean: readonly number[];
    readonly sd: readonly number[];
    readonly logMarginalLikelihood: number;
  }[];
  readonly gpFitted: readonly {
    readonly name: string;
    readonly points: readonly GpPoint[];
    readonly sklearn: number;
    readonly profiled: number;
  }[];
  readonly expectedImprovement: readonly {
    readonly mean: number;
    readonly sd: number;
    readonly best: number;
    readonly value: number;
  }[];
  readonly exponential: readonly {
    readonly name: string;
    readonly steps: readonly number[];
    readonly losses: readonly number[];
    readonly ratePerStep: number;
    readonly asymptote: number;
    readonly sumOfSquares: number;
    readonly atTwiceTheEnd: number;
  }[];
  readonly published: readonly {
    readonly name: string;
    readonly steps: readonly number[];
    readonly losses: readonly number[];
    readonly rounds: number;
    readonly kept: readonly number[];
    readonly smoothed: readonly number[];
    readonly atStep: number;
    readonly forecast: number;
  }[];
}

export const golden: Golden = JSON.parse(
  readFileSync(new URL('golden.json', import.meta.url), 'utf8'),
);
