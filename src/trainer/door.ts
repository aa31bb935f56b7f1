/**
 * The door for one trainer. Whoever connects is a guest and is sent the first request; the first guest whose answer
 * proves it to be the trainer is let in, all others are turned away. So no stranger ends a run or takes it over, be it a
 * port scanner or somebody who means it.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { LinkOptions, SocketCarrier } from './carrier.js';
import { FirstLine } from './first-line.js';
import { listen, type Place } from './listen.js';
import { peerOf } from './peer.js';
import { judgeFirstLine } from './proof.js';
import { readAll } from './read-all.js';

export interface DoorEvents extends Pick<LinkOptions, 'onBytes' | 'onRefused'> {
  /** The trainer's connection is closed. */
  readonly onClosed: () => void;
}

interface Guest {
  readonly socket: Socket;
  /** Who it seems to be. */
  readonly peer: string;
  readonly firstLine: FirstLine;
  readonly since: number;
  /** Runs once its first line has begun. */
  timer: NodeJS.Timeout | undefined;
  /** Resolves once nothing more comes from it. */
  reading: Promise<void>;
}

/** More than come by accident. */
const MAX_GUESTS = 16;

/**
 * An answer is written at once: a first line that has begun is whole by then. A guest that is silent may be a trainer
 * that still loads its data, and waits on; but after this long it gives way when there are too many.
 */
const GUEST_MS = 10_000;

/** Long steps send nothing for hours; this keeps routers from forgetting the connection. */
const KEEP_ALIVE_MS = 60_000;

export class Door {
  readonly #token: string;
  readonly #events: DoorEvents;
  readonly #server: Server;
  readonly #guests = new Set<Guest>();
  readonly #told = new Set<string>();
  #place: Place | undefined;
  #greeting = '';
  #trainer: Socket | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(token: string, events: DoorEvents) {
    this.#token = token;
    this.#events = events;
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    this.#server = createServer(options, (socket) => this.#receive(socket));
    // Who could not be accepted was no trainer, or is missed when the start times out.
    this.#server.on('error', () => {});
  }

  /** Returns the address to connect to. @throws AutolrsError `USAGE` when it cannot be listened there. */
  async open(carrier: SocketCarrier, dir: string): Promise<string> {
    this.#place = await listen(this.#server, carrier, dir);
    return this.#place.address;
  }

  /** To the trainer; before it is here, to every guest that is and that will come. */
  write(line: string): void {
    if (this.#trainer !== undefined) {
      this.#trainer.write(line);
      return;
    }
    this.#greeting += line;
    for (const { socket } of this.#guests) socket.write(line);
  }

  /** Says to the trainer that nothing more comes; one that is not here yet need not come. */
  hangUp(): void {
    if (this.#trainer === undefined) this.close();
    else this.#trainer.end();
  }

  /** Resolves once all is read that the trainer has sent, or after `ms`: somebody else may hold its connection. */
  async drain(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#reading, timeout]).finally(() => clearTimeout(timer));
  }

  /** May be called again. */
  close(): void {
    this.#lock();
    this.#trainer?.destroy();
  }

  #receive(socket: Socket): void {
    socket.on('error', () => {}); // a connection that breaks has ended, which its reader sees
    const peer = peerOf(socket);
    if (this.#guests.size >= MAX_GUESTS) this.#makeRoom(peer);
    if (this.#trainer !== undefined || this.#guests.size >= MAX_GUESTS) {
      socket.destroy();
      return;
    }
    const guest: Guest = {
      socket,
      peer,
      firstLine: new FirstLine(),
      since: performance.now(),
      timer: undefined,
      reading: Promise.resolve(),
    };
    this.#guests.add(guest);
    if (this.#greeting !== '') socket.write(this.#greeting);
    guest.reading = readAll(socket, (chunk) =>
      this.#trainer === socket ? this.#events.onBytes(chunk) : this.#hear(guest, chunk),
    );
    void guest.reading.then(() => {
      this.#forget(guest);
      if (this.#trainer === socket) this.#events.onClosed();
    });
  }

  async #hear(guest: Guest, chunk: Uint8Array): Promise<void> {
    if (!this.#guests.has(guest)) return; // it was turned away, and this was on its way
    const heard = guest.firstLine.push(chunk);
    if (heard.kind === 'begun') {
      guest.timer ??= setTimeout(() => {
        this.#refuse(guest, `its first line did not end within ${GUEST_MS / 1000} s`);
      }, GUEST_MS);
    } else if (heard.kind === 'too-long') {
      this.#refuse(guest, 'its first line is longer than a hello');
    } else {
      const verdict = judgeFirstLine(heard.line, this.#token);
      if (verdict.kind === 'refused') {
        this.#refuse(guest, verdict.why);
        return;
      }
      this.#admit(guest);
      await this.#events.onBytes(Buffer.concat([Buffer.from(`${verdict.line}\n`), heard.rest]));
    }
  }

  #admit(guest: Guest): void {
    this.#trainer = guest.socket;
    this.#reading = guest.reading;
    this.#forget(guest);
    this.#lock();
  }

  /**
   * For one more of `peer`: the youngest of those who are most gives way, so that nobody can keep all others out. Among
   * their own kind the oldest does, if it has had its time.
   */
  #makeRoom(peer: string): void {
    const guests = [...this.#guests]; // a set keeps the order in which they came
    const countOf = (one: string) => guests.filter((guest) => guest.peer === one).length;
    const most = guests.reduce((a, b) => (countOf(b.peer) > countOf(a.peer) ? b : a)).peer;
    const isOfMost = countOf(peer) >= countOf(most);
    const leaving = isOfMost
      ? guests.find((guest) => guest.peer === peer)
      : guests.findLast((guest) => guest.peer === most);
    if (leaving === undefined) return;
    if (isOfMost && performance.now() - leaving.since < GUEST_MS) return;
    this.#forget(leaving);
    leaving.socket.destroy();
  }

  #refuse(guest: Guest, why: string): void {
    this.#forget(guest);
    guest.socket.destroy();
    if (this.#told.has(why)) return;
    this.#told.add(why);
    this.#events.onRefused(why);
  }

  #forget(guest: Guest): void {
    clearTimeout(guest.timer);
    this.#guests.delete(guest);
  }

  /** Nobody else comes in. */
  #lock(): void {
    this.#server.close();
    this.#place?.remove();
    for (const guest of this.#guests) {
      this.#forget(guest);
      guest.socket.destroy();
    }
  }
}
