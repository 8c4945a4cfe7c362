// Load on services, from a pod or from the world: what `load.mjs` is told, and what it tells.

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecProcess } from '../../../../orchestrator/sandbox/exec.ts';
import { until } from '../../outage-world.ts';

export interface Target {
  readonly service: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** At which the service's backends listen, and nobody else's. */
  readonly backendPort: number;
}

export interface Tally {
  readonly asked: number;
  readonly answered: number;
  readonly made: number;
  /** Of those that are kept, how many are there now. */
  readonly kept: number;
  readonly slowestMs: number;
  /** Sentences. */
  readonly failed: readonly string[];
  readonly misdelivered: readonly string[];
  /** Since it was told last. */
  readonly moved: readonly { who: string; service: string; protocol: string; from: string; to: string }[];
}

export const loadFile = fileURLToPath(new URL('load.mjs', import.meta.url));

export interface LoadOptions {
  readonly targets: readonly Target[];
  readonly kept: number;
  readonly fresh: number;
  readonly pauseMs: number;
  readonly lostMs: number;
}

export class ServiceLoad {
  readonly #child: ExecProcess;
  readonly #kept: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<{ tally?: Tally }>>();
  #asked = 0;
  #moved: Tally['moved'][number][] = [];

  constructor(spawn: (words: readonly string[]) => ExecProcess, options: LoadOptions) {
    this.#kept = options.kept;
    this.#child = spawn([process.execPath, loadFile, JSON.stringify(options)]);
    createInterface(this.#child.stdout).on('line', (line) => {
      const { id, ...rest } = JSON.parse(line);
      this.#waiting.get(id)?.resolve(rest);
      this.#waiting.delete(id);
    });
    let said = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    void this.#child.ended.then((status) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the load ended with ${status}: ${said}`));
    });
  }

  async tell(): Promise<Tally> {
    const tally = (await this.#do('tell')).tally as Tally;
    this.#moved.push(...tally.moved);
    return tally;
  }

  /** Sockets that went on at another backend, since this was asked last. */
  async takeMoved(): Promise<Tally['moved']> {
    await this.tell();
    const moved = this.#moved;
    this.#moved = [];
    return moved;
  }

  /** Nothing new begins there, and nothing is about to. */
  async hold(services: readonly string[]): Promise<void> {
    await this.#do('hold', services);
  }

  async release(services: readonly string[]): Promise<void> {
    await this.#do('release', services);
  }

  async isWhole(): Promise<boolean> {
    return (await this.tell()).kept === this.#kept;
  }

  /** Until so many more answers have come. */
  async flows(more: number): Promise<void> {
    const { answered } = await this.tell();
    await until('traffic goes on', async () => (await this.tell()).answered >= answered + more);
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #do(what: string, services: readonly string[] = []): Promise<{ tally?: Tally }> {
    const id = ++this.#asked;
    const waiting = Promise.withResolvers<{ tally?: Tally }>();
    this.#waiting.set(id, waiting);
    this.#child.stdin.write(`${JSON.stringify({ id, do: what, services })}\n`);
    return waiting.promise;
  }
}
