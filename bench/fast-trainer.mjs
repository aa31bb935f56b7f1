// A trainer that computes next to nothing and saves to disk as any other: what is left is the tuner's own cost.
import { attach } from 'autolrs/node';

let lr = 0.01;
let state = { step: 0, excess: 2 };
const tuner = attach({
  total: 1_000_000,
  getLr: () => lr,
  setLr(value) {
    lr = value;
  },
  save: () => state,
  restore(saved) {
    state = saved;
  },
  validate: () => 0.2 + state.excess,
  rewind: true,
});
while (await tuner.next()) {
  const { step, excess } = state;
  const rate = 1e-4 * Math.exp(-(Math.log(lr / 0.03) ** 2) / 2);
  state = { step: step + 1, excess: excess * (1 - rate) };
  tuner.step(0.2 + excess + 0.01 * Math.sin(step * 12.9898));
}
