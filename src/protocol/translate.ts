/** Between the core's commands and the wire's requests. Core types are never serialised directly. */

import type {
  TrainCommand,
  TrainedReply,
  TrainerCommand,
  TrainerFacts,
  TrainerReply,
} from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import { badMessage } from './errors.js';
import type { Request } from './messages.js';
import { type MethodResult, parseResult } from './parse.js';
import { quoteValue } from './quote.js';

export function toRequest(command: TrainerCommand): Request {
  switch (command.kind) {
    case 'save':
    case 'restore':
    case 'discard':
      return {
        method: command.kind,
        params: {
          id: command.checkpoint,
          ...(command.path !== undefined && { path: command.path }),
        },
      };
    case 'train': {
      const { steps, lr, haltAbove, purpose, average } = command;
      return {
        method: 'train',
        params: {
          steps,
          lr,
          ...(haltAbove !== undefined && { halt: haltAbove }),
          purpose,
          ...(average !== undefined && { average }),
        },
      };
    }
    case 'validate':
      return {
        method: 'validate',
        params: { ...(command.at !== undefined && { at: command.at }) },
      };
    case 'adopt':
      return { method: 'adopt', params: { at: command.at } };
    default:
      return command satisfies never;
  }
}

/**
 * @throws AutolrsError `PROTOCOL_BAD_MESSAGE` when the result does not answer the command.
 */
export function toReply(command: TrainerCommand, result: unknown): TrainerReply {
  switch (command.kind) {
    case 'save': {
      const { id, step, seconds } = parseResult('save', result);
      mustEcho(command.checkpoint, id, result);
      return { kind: 'saved', step, seconds };
    }
    case 'restore': {
      const { id, step, lr, seconds } = parseResult('restore', result);
      mustEcho(command.checkpoint, id, result);
      return { kind: 'restored', step, lr, seconds };
    }
    case 'discard':
      mustEcho(command.checkpoint, parseResult('discard', result).id, result);
      return { kind: 'discarded' };
    case 'train':
      return toTrained(command, parseResult('train', result), result);
    case 'validate': {
      const { loss, metrics, seconds } = parseResult('validate', result);
      return { kind: 'validated', loss, seconds, ...(metrics != null && { metrics }) };
    }
    case 'adopt':
      return { kind: 'adopted', seconds: parseResult('adopt', result).seconds };
    default:
      return command satisfies never;
  }
}

/** What the handshake says, the protocol's version aside. */
export function toFacts(handshakeResult: MethodResult<'initialize'>): TrainerFacts {
  const { trainer, step, total, epoch, uncounted, lr, groups, world, can, holds } = handshakeResult;
  const { attached, schedule } = handshakeResult;
  return {
    name: trainer.name,
    ...(trainer.version !== undefined && { version: trainer.version }),
    ...(trainer.framework !== undefined && { framework: trainer.framework }),
    step,
    ...(total != null && { total }),
    ...(epoch != null && epoch > 0 && { epoch }),
    ...(uncounted != null && { uncounted }),
    lr,
    groups,
    world,
    can: {
      validate: can.validate,
      // A file is of use to a run alone that can go back to it.
      disk: can.disk && can.rollback !== false,
      rewind: can.rewind,
      cancel: can.cancel,
      ...(can.memory !== undefined && { memory: can.memory }),
      ...(can.base !== undefined && { base: can.base }),
      ...(can.rollback !== undefined && { rollback: can.rollback }),
      ...(can.average !== undefined && { average: can.average }),
    },
    holds,
    ...(attached !== undefined && { attached }),
    ...(schedule != null && {
      schedule: {
        name: schedule.name,
        ...(schedule.peak != null && schedule.peak > 0 && { peak: schedule.peak }),
        ...(schedule.falls === false && { falls: false as const }),
      },
    }),
  };
}

/** Float32 optimizers keep seven digits of an LR. */
const LR_TOLERANCE = 1e-5;

/** Whether an optimizer that keeps its LR in float32, bfloat16 or float16 would say this of the one asked for. */
function isRoundingOf(lr: number, asked: number): boolean {
  const isNear = (value: number) => Math.abs(lr - value) <= LR_TOLERANCE * value;
  return isNear(asked) || isNear(inBfloat16(asked)) || isNear(inFloat16(asked));
}

function inBfloat16(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const whole = bits.getUint32(0);
  // The upper half of a float32, to the nearest, and to the even one of two that are as near.
  bits.setUint32(0, (((whole + 0x7fff + ((whole >>> 16) & 1)) >>> 16) << 16) >>> 0);
  return bits.getFloat32(0);
}

/** To eleven digits of two, and to a whole number of 2^-24 below the smallest normal one. */
function inFloat16(value: number): number {
  if (value === 0) return 0;
  const step = 2 ** (Math.max(Math.floor(Math.log2(value)), -14) - 10);
  return Math.round(value / step) * step;
}

function toTrained(
  command: TrainCommand,
  result: MethodResult<'train'>,
  raw: unknown,
): TrainedReply {
  const { steps, losses, lr, step, seconds, groups, own, end } = result;
  const wrong = (why: string) => badMessage('its answer to "train"', why, raw);
  if (losses.length !== steps)
    throw wrong(`"losses" holds ${losses.length} numbers for ${steps} steps`);
  if (steps > command.steps) throw wrong(`"steps" is ${steps} when ${command.steps} were asked`);
  if (steps < command.steps && end == null) {
    throw wrong(`"steps" is ${steps} when ${command.steps} were asked, and "end" does not say why`);
  }
  if (end === 'halt' && command.haltAbove === undefined) {
    throw wrong('"end" is "halt" when no "halt" was asked for');
  }
  if (steps === 0 && command.steps > 0 && (end === 'halt' || end === 'diverged')) {
    throw wrong(`"end" is "${end}" when no step was done`);
  }
  const asked = typeof command.lr === 'number' ? command.lr : command.lr[steps - 1];
  if (steps > 0 && asked !== undefined && !isRoundingOf(lr, asked)) {
    throw isOtherLr(lr, asked);
  }
  return {
    kind: 'trained',
    steps,
    losses,
    lr,
    step,
    seconds,
    ...(groups != null && { groups }),
    ...(own != null && { ownLr: own }),
    ...(end != null && { end }),
  };
}

/** No wrong message, but a script that sets the LR itself. */
function isOtherLr(lr: number, asked: number): AutolrsError {
  return new AutolrsError(
    'TRAINER_FAILED',
    `leave the LR to the tuner: remove what else sets it in the script (a scheduler, an assignment to its LR), or keep the script's own schedule by --keep-schedule; it trained at LR ${lr} when ${asked} was asked`,
    { isOtherLr: true, isPermanent: true },
  );
}

function mustEcho(asked: string, answered: string, raw: unknown): void {
  if (asked !== answered) {
    throw badMessage(
      'its answer',
      `"id" is ${quoteValue(answered)} when ${JSON.stringify(asked)} was meant`,
      raw,
    );
  }
}
