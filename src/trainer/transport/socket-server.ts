/**
 * A server for one trainer. Each connection is pending and is sent the first request; the first whose answer
 * proves it to be the trainer is accepted, all others are refused. So no stranger ends a run or takes it over,
 * neither a port scanner nor an attacker.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { drainStream } from '../process/drain.js';
import { judgeFirstLine } from './authenticate.js';
import { type BoundAddress, listen } from './bind.js';
import { FirstLine } from './first-line.js';
import { peerOf } from './peer.js';
import type { ConnectionOptions, SocketTransport } from './types.js';

export interface SocketServerEvents extends Pick<ConnectionOptions, 'onBytes' | 'onRefused'> {
  /** The trainer's connection is closed. */
  readonly onClosed: () => void;
}

interface PendingConnection {
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
const MAX_PENDING = 16;

/**
 * An answer is written at once: a first line that has begun is whole by then. A silent connection may be a trainer
 * that still loads its data, and waits on; but after this long it gives way when there are too many.
 */
const PENDING_MS = 10_000;

/** Long steps send nothing for hours; this keeps routers from forgetting the connection. */
const KEEP_ALIVE_MS = 60_000;

export class SocketServer {
  readonly #token: string;
  readonly #events: SocketServerEvents;
  readonly #server: Server;
  readonly #pending = new Set<PendingConnection>();
  readonly #reported = new Set<string>();
  #bound: BoundAddress | undefined;
  #request = '';
  #trainer: Socket | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(token: string, events: SocketServerEvents) {
    this.#token = token;
    this.#events = events;
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    this.#server = createServer(options, (socket) => this.#receive(socket));
    // Who could not be accepted was no trainer, or is missed when the start times out.
    this.#server.on('error', () => {});
  }

  /** Returns the address to connect to. @throws AutolrsError `USAGE` when it cannot be listened there. */
  async open(transport: SocketTransport, dir: string): Promise<string> {
    this.#bound = await listen(this.#server, transport, dir);
    return this.#bound.address;
  }

  /** To the trainer; before it is here, to every pending connection, present and future. */
  write(line: string): void {
    if (this.#trainer !== undefined) {
      this.#trainer.write(line);
      return;
    }
    this.#request += line;
    for (const { socket } of this.#pending) socket.write(line);
  }

  /** Says to the trainer that nothing more comes; one that is not here yet need not come. */
  closeInput(): void {
    if (this.#trainer === undefined) this.close();
    else this.#trainer.end();
  }

  /** Resolves once all is read that the trainer has sent, or after `ms`: another process may hold its connection. */
  async drain(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#reading, timeout]).finally(() => clearTimeout(timer));
  }

  /** May be called again. */
  close(): void {
    this.#stopListening();
    this.#trainer?.destroy();
  }

  #receive(plain: Socket): void {
    const peer = peerOf(plain);
    if (this.#pending.size >= MAX_PENDING) this.#evictOldest(peer);
    if (this.#trainer !== undefined || this.#pending.size >= MAX_PENDING) {
      plain.destroy();
      return;
    }
    const socket = this.#bound?.secure(plain) ?? plain;
    socket.on('error', () => {}); // a connection that breaks has ended, which its reader sees
    const connection: PendingConnection = {
      socket,
      peer,
      firstLine: new FirstLine(),
      since: performance.now(),
      timer: undefined,
      reading: Promise.resolve(),
    };
    this.#pending.add(connection);
    if (this.#request !== '') socket.write(this.#request);
    connection.reading = drainStream(socket, (chunk) =>
      this.#trainer === socket ? this.#events.onBytes(chunk) : this.#onChunk(connection, chunk),
    );
    void connection.reading.then(() => {
      this.#drop(connection);
      if (this.#trainer === socket) this.#events.onClosed();
    });
  }

  async #onChunk(connection: PendingConnection, chunk: Uint8Array): Promise<void> {
    if (!this.#pending.has(connection)) return; // it was turned away, and this was on its way
    const state = connection.firstLine.push(chunk);
    if (state.kind === 'begun') {
      connection.timer ??= setTimeout(() => {
        this.#refuse(connection, `its first line did not end within ${PENDING_MS / 1000} s`);
      }, PENDING_MS);
    } else if (state.kind === 'too-long') {
      this.#refuse(connection, 'its first line is longer than an answer to "initialize"');
    } else {
      const verdict = judgeFirstLine(state.line, this.#token);
      if (verdict.kind === 'refused') {
        this.#refuse(connection, verdict.why);
        return;
      }
      this.#accept(connection);
      await this.#events.onBytes(Buffer.concat([Buffer.from(`${verdict.line}\n`), state.rest]));
    }
  }

  #accept(connection: PendingConnection): void {
    this.#trainer = connection.socket;
    this.#reading = connection.reading;
    this.#drop(connection);
    this.#stopListening();
  }

  /**
   * For one more of `peer`: the youngest of those who are most gives way, so that no peer can keep all others out. Among
   * their own kind the oldest does, if it has had its time.
   */
  #evictOldest(peer: string): void {
    const pending = [...this.#pending]; // a set keeps the order in which they came
    const countOf = (one: string) => pending.filter((connection) => connection.peer === one).length;
    const most = pending.reduce((a, b) => (countOf(b.peer) > countOf(a.peer) ? b : a)).peer;
    const isOfMost = countOf(peer) >= countOf(most);
    const leaving = isOfMost
      ? pending.find((connection) => connection.peer === peer)
      : pending.findLast((connection) => connection.peer === most);
    if (leaving === undefined) return;
    if (isOfMost && performance.now() - leaving.since < PENDING_MS) return;
    this.#drop(leaving);
    leaving.socket.destroy();
  }

  #refuse(connection: PendingConnection, why: string): void {
    this.#drop(connection);
    connection.socket.destroy();
    if (this.#reported.has(why)) return;
    this.#reported.add(why);
    this.#events.onRefused(why);
  }

  #drop(connection: PendingConnection): void {
    clearTimeout(connection.timer);
    this.#pending.delete(connection);
  }

  /** No other connection is accepted. */
  #stopListening(): void {
    this.#server.close();
    this.#bound?.remove();
    for (const connection of this.#pending) {
      this.#drop(connection);
      connection.socket.destroy();
    }
  }
}
