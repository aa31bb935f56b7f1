/** Plays the tuner over real pipes: starts a script, asks, and waits for answers. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Answer {
  readonly id: number | null;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { readonly traceback: string };
  };
}

export interface Notification {
  readonly method: string;
  readonly params: { readonly step: number; readonly losses: readonly number[] };
}

export interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Seen from this folder. */
export const DEMO = '../../../examples/demo/digits.js';

export const AUTOLRS: Readonly<Record<string, string>> = { AUTOLRS: '1' };

export class Driver {
  readonly notifications: Notification[] = [];
  /** Lines on stdout that are no JSON; the wire has none while it is up. */
  readonly stray: string[] = [];
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;
  readonly #answers: Answer[] = [];
  #stderr = '';
  #wake = () => {};
  #hasEnded = false;
  #id = 0;

  constructor(script: string, args: readonly string[] = [], env = AUTOLRS) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...withoutAutolrs(process.env), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    let stdout = '';
    child.stdin.on('error', () => {}); // it may be gone; its end is what a test looks at
    child.stderr.on('data', (chunk) => {
      this.#stderr += chunk;
      this.#wake();
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      this.#take(line);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#hasEnded = true;
        this.#wake();
        resolve({ code, stdout, stderr: this.#stderr });
      });
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** Asks and returns the answer, result or error. */
  async ask(method: string, params: object = {}): Promise<Answer> {
    return this.answerTo(this.send(method, params));
  }

  /** Asks and returns the result. @throws Error with the trainer's error. */
  async get(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const { result, error } = await this.ask(method, params);
    if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** Asks without waiting; returns the request's id. `then` goes out in the same chunk. */
  send(method: string, params: object = {}, then: readonly object[] = []): number {
    const id = ++this.#id;
    const messages = [{ id, method, params }, ...then];
    this.write(messages.map((each) => `${JSON.stringify({ jsonrpc: '2.0', ...each })}\n`).join(''));
    return id;
  }

  notify(method: string): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  async answerTo(id: number | null): Promise<Answer> {
    return this.#waitFor(() => {
      const index = this.#answers.findIndex((answer) => answer.id === id);
      return index === -1 ? undefined : this.#answers.splice(index, 1)[0];
    });
  }

  async nextProgress(): Promise<Notification> {
    const seen = this.notifications.length;
    return this.#waitFor(() => this.notifications[seen]);
  }

  /** Waits until the script has said so on stderr. */
  async hears(text: string): Promise<true> {
    return this.#waitFor(() => this.#stderr.includes(text) || undefined);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  endStdin(): void {
    this.#child.stdin?.end();
  }

  /** The orderly end. */
  async shutdown(): Promise<End> {
    await this.get('shutdown');
    this.endStdin();
    return this.ended;
  }

  async #waitFor<Value>(look: () => Value | undefined): Promise<Value> {
    for (;;) {
      const value = look();
      if (value !== undefined) return value;
      if (this.#hasEnded) throw new Error(`the script ended: ${(await this.ended).stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(line: string): void {
    const message = parse(line);
    if (message === undefined) this.stray.push(line);
    else if ('method' in message) this.notifications.push(message);
    else this.#answers.push(message);
    this.#wake();
  }
}

/** As the tuner reads it: a JSON-RPC object is a message, all else is output. */
function parse(line: string): Answer | Notification | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function withoutAutolrs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AUTOLRS')));
}
