/** The remedy for each finding of `doctor`, in the words of the framework that the script says it runs on. */

import type { Cause } from '../../core/doctor/finding.js';

/** Who owns the loop: `torch`, `tensorflow` and `jax` scripts write their own. */
export type Framework =
  | 'torch'
  | 'tensorflow'
  | 'jax'
  | 'lightning'
  | 'transformers'
  | 'keras'
  | 'node'
  | 'other';

export interface Remedy {
  readonly fix: string;
  /** Lines of code that follow it. */
  readonly code?: readonly string[];
}

/** From the name and version that an adapter gives, as `lightning 2.6.6 on torch 2.13.0`. */
export function frameworkOf(name: string | undefined): Framework {
  const first = name?.split(' ')[0] ?? '';
  return KNOWN.find((known) => known === first) ?? 'other';
}

const KNOWN = [
  'torch',
  'tensorflow',
  'jax',
  'lightning',
  'transformers',
  'keras',
  'node',
] as const satisfies readonly Framework[];

/** A loop that is the framework's own: no line of the script changes what batches it brings. */
export function ownsLoop(framework: Framework): boolean {
  return framework === 'lightning' || framework === 'transformers' || framework === 'keras';
}

export const FRAMEWORK_NAMES: Readonly<Record<Framework, string>> = {
  torch: 'PyTorch',
  tensorflow: 'TensorFlow',
  jax: 'JAX',
  lightning: 'Lightning',
  transformers: 'the Hugging Face Trainer',
  keras: 'Keras',
  node: 'Node',
  other: 'its framework',
};

export function remedyOf(cause: Cause, framework: Framework): Remedy | undefined {
  const remedies = REMEDIES[cause];
  return remedies?.[framework] ?? remedies?.any;
}

type Remedies = Partial<Record<Framework | 'any', Remedy>>;

const IN_CYCLE = ['for batch in tuner.cycle(loader, epochs):'];
const IN_EPOCHS = ['for epoch in tuner.epochs(10):', '    for x, y in tuner.batches(loader):'];

const SECOND_SCHEDULER: Remedies = {
  any: { fix: 'the tuner is the scheduler; step yours only where none drives the script' },
  torch: {
    fix: 'the tuner is the scheduler: make and step yours only where none drives the script, or keep it by autolrs run --keep-schedule:',
    code: [
      'scheduler = None if autolrs.is_driven() else StepLR(…)',
      'if scheduler: scheduler.step()',
    ],
  },
  lightning: {
    fix: 'keep hold of no scheduler but that which configure_optimizers returns, or keep yours by autolrs run --keep-schedule',
  },
  transformers: {
    fix: 'let the Trainer make the scheduler, or keep yours by autolrs run --keep-schedule:',
    code: ['Trainer(model, args, optimizers=(optimizer, None))'],
  },
  keras: {
    fix: 'give the optimizer a number, and leave LearningRateScheduler and ReduceLROnPlateau out:',
    code: ['optimizer = keras.optimizers.Adam(1e-3)'],
  },
  tensorflow: {
    fix: 'give the optimizer a number, and let nothing else assign its learning_rate:',
    code: ['optimizer = tf.keras.optimizers.Adam(1e-3)'],
  },
  jax: {
    fix: 'give the optimizer a number and no schedule:',
    code: ['optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)'],
  },
};

const EARLY_STOPPING =
  'leave out what ends it (early stopping, a limit of time) where a tuner drives the script';

const REMEDIES: Partial<Record<Cause, Remedies>> = {
  'not-started': SECOND_SCHEDULER,
  'other-scheduler': SECOND_SCHEDULER,
  'out-of-time': { any: { fix: 'if its steps take long, give it more time: --timeout <seconds>' } },
  'resume-out-of-time': { any: { fix: 'give it more time: --timeout <seconds>' } },
  'loop-ended': {
    any: { fix: 'let the loop run until the tuner is done' },
    torch: { fix: 'let the loop run until the tuner is done:', code: IN_EPOCHS },
    tensorflow: { fix: 'let the loop run until the tuner is done:', code: IN_CYCLE },
    jax: { fix: 'let the loop run until the tuner is done:', code: IN_CYCLE },
    lightning: { fix: EARLY_STOPPING },
    transformers: { fix: EARLY_STOPPING },
    keras: {
      fix: `${EARLY_STOPPING}, and let fit go on:`,
      code: ['model.fit(x, y, epochs=tuner.epochs(10))'],
    },
  },
  'no-total': {
    any: { fix: 'or let it say so: "total" in its answer to "initialize"' },
    torch: { fix: 'or hand it over:', code: ['attach(model, optimizer, total=steps)'] },
    tensorflow: {
      fix: 'or hand it over:',
      code: ['attach(checkpoint, optimizer.learning_rate, total=steps)'],
    },
    jax: { fix: 'or hand it over:', code: ['attach(state, total=steps)'] },
    lightning: { fix: 'or tell Lightning:', code: ['Trainer(max_steps=1000)'] },
    transformers: { fix: 'or tell the Trainer:', code: ['TrainingArguments(max_steps=1000)'] },
    keras: {
      fix: 'or tell Keras:',
      code: ['model.fit(x, steps_per_epoch=100, epochs=tuner.epochs(10))'],
    },
    node: { fix: 'or hand it over:', code: ['attach({ total: 5000, … })'] },
  },
  'prints-before-handshake': {
    any: {
      fix: 'let the adapter take stdout first:',
      code: ['import autolrs  # before anything that prints'],
    },
    node: { fix: 'print to stderr, or after attach' },
    other: { fix: 'print to stderr' },
  },
  'prints-between-messages': {
    any: { fix: 'print to stderr, or keep stdout for the script with --transport unix' },
  },
  'tears-messages': {
    any: { fix: 'print to stderr, or keep stdout for the script with --transport unix' },
  },
  weights: {
    any: {
      fix: 'let a checkpoint hold the whole model, and what the loop keeps from batch to batch, and copies of them: references change as training goes on',
    },
    torch: {
      fix: 'count a step after its update, and hand attach the model that trains; put what the loop keeps into an object with state_dict and load_state_dict, and hand that over:',
      code: ['optimizer.step()', 'tuner.step(loss)', 'attach(model, optimizer, extra=[kept])'],
    },
    tensorflow: {
      fix: 'count a step after its update, and let the checkpoint track the model:',
      code: ['tf.train.Checkpoint(model=model, optimizer=optimizer)'],
    },
    jax: {
      fix: 'take the state from the tuner before an update, and put it back before the step counts:',
      code: ['tuner.state, loss = update(tuner.state, batch)', 'tuner.step(loss)'],
    },
  },
  buffers: {
    any: { fix: 'let a checkpoint hold buffers as well as parameters, and an average too' },
    torch: {
      fix: 'let the model hold it as a buffer, or hand an average over:',
      code: ['attach(model, optimizer, extra=[average])'],
    },
    lightning: { fix: 'let the LightningModule hold it, as a buffer or as a module of its own' },
    transformers: { fix: 'let the model hold it, as a buffer or as a module of its own' },
    keras: { fix: 'let the model hold it, as a variable' },
    tensorflow: {
      fix: 'let the checkpoint track it:',
      code: ['tf.train.Checkpoint(model=model, average=average)'],
    },
    jax: { fix: 'put it into the state: batch statistics, an average' },
  },
  optimizer: {
    any: { fix: 'let a checkpoint hold it' },
    torch: {
      fix: 'hand all optimizers over, and what else updates the weights:',
      code: ['attach(model, [optimizer, other], extra=[scaler])'],
    },
    lightning: { fix: 'return every optimizer from configure_optimizers' },
    tensorflow: {
      fix: 'let the checkpoint track it:',
      code: ['tf.train.Checkpoint(model=model, optimizer=optimizer)'],
    },
    jax: {
      fix: "put the optimizer's state into the state:",
      code: ['attach((params, opt_state, key), validate)'],
    },
  },
  data: {
    any: { fix: 'let the same batches come again after a restore, and say so: can.rewind' },
    torch: {
      fix: 'let the tuner hold the loader; without one, for x, y in tuner.cycle(batches()), an endless generator of batches:',
      code: IN_EPOCHS,
    },
    tensorflow: { fix: 'let the tuner hold the loader:', code: IN_CYCLE },
    jax: { fix: 'let the tuner hold the loader:', code: IN_CYCLE },
    node: { fix: 'save and restore where the script stands in its data' },
    lightning: { fix: "nothing to do: the loop is the framework's, and a run bears it" },
    transformers: { fix: "nothing to do: the loop is the framework's, and a run bears it" },
    keras: { fix: "nothing to do: the loop is the framework's, and a run bears it" },
  },
  rng: {
    any: { fix: "save and restore the random generators' state, and name it in holds as rng" },
  },
  'data-or-rng': {
    any: {
      fix: 'save and restore the generators that are drawn from, all that trains, and what the loop keeps',
    },
    torch: {
      fix: 'draw from the global generators (random, numpy, torch), or hand over an object whose state_dict has the state of yours; hand over what the loop keeps likewise, every optimizer, and a model that holds all that trains:',
      code: [
        'attach(model, optimizer, extra=[augmentation, kept])',
        'attach(ModuleList([model, other]), [optimizer, second])',
      ],
    },
    tensorflow: {
      fix: 'draw from a generator that the checkpoint tracks, and let it track all that trains, and what the loop keeps:',
      code: ['tf.train.Checkpoint(model=model, random=generator)'],
    },
    jax: {
      fix: 'put PRNG keys, all that trains, and such a count, into the state:',
      code: ['attach((params, opt_state, key), validate)'],
    },
  },
  'checkpoint-changes': {
    any: { fix: 'restore from a copy of what is saved, and keep the saved one' },
  },
  'inexact-arithmetic': {
    any: { fix: 'harmless for a run' },
    torch: {
      fix: 'harmless for a run; for exact repetition:',
      code: ['torch.use_deterministic_algorithms(True)'],
    },
    lightning: {
      fix: 'harmless for a run; for exact repetition:',
      code: ['Trainer(deterministic=True)'],
    },
    transformers: {
      fix: 'harmless for a run; for exact repetition:',
      code: ['TrainingArguments(full_determinism=True)'],
    },
    tensorflow: {
      fix: 'harmless for a run; for exact repetition:',
      code: ['tf.config.experimental.enable_op_determinism()'],
    },
    keras: { fix: "harmless for a run; for exact repetition use the backend's own switch" },
    jax: {
      fix: 'harmless for a run; for exact repetition set in the environment:',
      code: ['XLA_FLAGS=--xla_gpu_deterministic_ops=true'],
    },
  },
  'own-counter': {
    any: { fix: 'let it draw from random numbers of its own' },
    torch: {
      fix: 'let the tuner say when, and put back what it draws:',
      code: ['if tuner.every(100): evaluate(model)'],
    },
    tensorflow: { fix: 'let it draw from a tf.random.Generator of its own' },
    jax: { fix: 'let it draw from a key of its own, made once' },
  },
  'first-pass': {
    any: { fix: 'harmless for a run; for exact repetition let the loader draw elsewhere' },
    torch: {
      fix: 'harmless for a run; for exact repetition let a worker draw:',
      code: ['DataLoader(data, batch_size, num_workers=1)'],
    },
  },
  'file-differs': { any: { fix: 'write to the file all that a checkpoint in memory holds' } },
  'resume-fails': {
    any: {
      fix: 'a second start must do what the first did: the same model and parameter groups, and no trouble with files that are there already',
    },
  },
  'resume-weights': {
    any: { fix: 'let a checkpoint hold all that the model uses, in the form in which it is used' },
    torch: {
      fix: 'let the model hold it as a buffer, or hand over what is outside:',
      code: ['attach(model, optimizer, extra=[average])'],
    },
  },
  'resume-optimizer': {
    any: { fix: 'let the file hold all that moves the weights, in the types that it has' },
    torch: {
      fix: "let load_state_dict give each optimizer's state as state_dict took it: PyTorch's own puts floating-point state into the type of the weights",
    },
  },
  'resume-data': {
    any: { fix: 'save and restore where the script stands in its data, and its generators' },
    torch: {
      fix: 'to go on alike, hand the tuner the DataLoader itself and no wrapper around it, without persistent_workers:',
      code: ['loader = DataLoader(data, 32, shuffle=True)', ...IN_EPOCHS],
    },
    tensorflow: { fix: 'nothing to do: tf.data keeps the state of its shuffles to itself' },
    jax: { fix: "shuffle by Python's or NumPy's global random numbers" },
  },
  'no-validation': {
    any: { fix: 'let it validate, and say so: can.validate' },
    torch: {
      fix: 'hand a function over that returns the validation loss:',
      code: ['attach(model, optimizer, validate=validate)'],
    },
    tensorflow: {
      fix: 'hand a function over that returns the validation loss:',
      code: ['attach(checkpoint, optimizer.learning_rate, validate)'],
    },
    jax: {
      fix: 'hand a function over that takes the state and returns the validation loss:',
      code: ['attach(state, validate)'],
    },
    lightning: {
      fix: 'name the loss that validation_step logs:',
      code: ['TunerCallback(monitor="val_loss")'],
    },
    transformers: {
      fix: 'give the Trainer a set to evaluate on:',
      code: ['Trainer(model, args, eval_dataset=held_out)'],
    },
    keras: {
      fix: 'hand the held-out data to the callback:',
      code: ['TunerCallback(validation_data=(x_val, y_val))'],
    },
    node: { fix: 'hand a function over:', code: ['attach({ validate, … })'] },
  },
  'validation-slow': {
    any: { fix: 'validate on fewer examples: the tuner asks for it several times a stage' },
  },
  'validation-varies': {
    any: { fix: 'validate without random numbers, and always on the same examples' },
  },
  'validation-rises': {
    any: { fix: 'return a loss, lower is better; of an accuracy, return 1 - accuracy' },
  },
  'validation-leaves-trace': {
    any: { fix: 'put back what it changes: train mode, the random state, running statistics' },
  },
  'lr-ignored': {
    any: { fix: 'set the LR of the optimizer that steps, in each of its parameter groups' },
    torch: {
      fix: 'hand attach the optimizer that steps, and count a step after its update:',
      code: ['optimizer.step()', 'tuner.step(loss)'],
    },
    tensorflow: {
      fix: 'let the update read the variable that attach was given:',
      code: ['attach(checkpoint, optimizer.learning_rate, validate)'],
    },
    jax: {
      fix: 'update with the state that the tuner holds, where the LR is:',
      code: ['tuner.state, loss = update(tuner.state, batch)'],
    },
  },
  'lr-late': { any: { fix: 'set the LR before the update, and not after it' } },
  'ratios-lost': { any: { fix: "set each group's LR to the tuner's times its ratio" } },
};
