/** Schedules for frameworks that compute the LR on the device: Keras and optax. */

import type { ExportedSchedule } from './exported.js';
import { peakStepOf } from './fit.js';
import { cosineConstants, headOf, knotLists } from './python.js';

export function optaxCode(exported: ExportedSchedule): string {
  const { form } = exported;
  const head = headOf(exported, 'an optax schedule', ['optimizer = optax.sgd(schedule)']);
  if (form.kind === 'cosine') {
    const { peak, end, warmUpSteps, steps } = form;
    const warmUp = peakStepOf(form);
    const first = warmUpSteps > 0 ? peak / warmUpSteps : peak;
    return `${head}

import optax

schedule = optax.warmup_cosine_decay_schedule(
    init_value=${first},
    peak_value=${peak},
    warmup_steps=${warmUp},
    decay_steps=${Math.max(warmUp + 1, steps - 1)},
    end_value=${end},
)
`;
  }
  return `${head}

import jax.numpy as jnp

# Between two of these steps the LR is linear.
${knotLists(form.knots)}


def schedule(count):
    """The LR of an optimizer step, counted from 0."""
    return jnp.interp(jnp.asarray(count, float), jnp.asarray(STEPS, float), jnp.asarray(LRS))
`;
}

export function kerasCode(exported: ExportedSchedule): string {
  const { form } = exported;
  const head = headOf(exported, 'a Keras 3 schedule', [
    'optimizer = keras.optimizers.SGD(learning_rate=Schedule())',
  ]);
  const [constants, body] =
    form.kind === 'cosine'
      ? [cosineConstants(form), COSINE_CALL]
      : [`# Between two of these steps the LR is linear.\n${knotLists(form.knots)}`, KNOTS_CALL];
  return `${head}

import keras
from keras import ops

${constants}


@keras.saving.register_keras_serializable(package="autolrs")
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The LR of an optimizer step, counted from 0."""

    def __call__(self, step):
${body}
    def get_config(self):
        return {}
`;
}

const COSINE_CALL = `        step = ops.minimum(ops.cast(step, "float32"), STEPS - 1)
        first = max(0, WARM_UP_STEPS - 1)
        passed = (step - first) / max(1, STEPS - 1 - first)
        fall = END + (PEAK - END) * (1 + ops.cos(3.141592653589793 * passed)) / 2
        return ops.where(step < WARM_UP_STEPS, PEAK * (step + 1) / max(1, WARM_UP_STEPS), fall)
`;

const KNOTS_CALL = `        step = ops.cast(step, "float32")
        steps = ops.convert_to_tensor(STEPS, dtype="float32")
        lrs = ops.convert_to_tensor(LRS, dtype="float32")
        if len(STEPS) == 1:
            return lrs[0]
        passed = ops.sum(ops.cast(steps <= step, "int32"))
        left = ops.clip(passed - 1, 0, len(STEPS) - 2)
        from_step, to_step = ops.take(steps, left), ops.take(steps, left + 1)
        share = ops.clip((step - from_step) / (to_step - from_step), 0.0, 1.0)
        from_lr = ops.take(lrs, left)
        return from_lr + share * (ops.take(lrs, left + 1) - from_lr)
`;
