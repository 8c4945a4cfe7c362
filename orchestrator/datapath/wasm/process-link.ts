// Process link: a connection to the datapath process that is made again when the process was replaced by the next one.

import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { ControlClient } from './control-client.ts';
import type { Call, Role } from './control-line.ts';
import type { Hello } from './hello.ts';

const [firstPauseMs, longestPauseMs] = [5, 250];
/** What a request waits for a process to come back. */
const patienceMs = 10_000;

export interface LinkOptions {
  /** R/datapath. */
  readonly folder: string;
  readonly role: Role;
  /** A process answered whose memory is another one. */
  onReplaced(): void;
}

export class ProcessLink {
  /** What the process said that answered last. */
  hello: Hello;
  private readonly options: LinkOptions;
  private client: Promise<ControlClient>;
  private closed = false;

  private constructor(options: LinkOptions, client: ControlClient, hello: Hello) {
    this.options = options;
    this.hello = hello;
    this.client = Promise.resolve(client);
    this.follow(client);
  }

  /** Rejects with DATAPATH_UNREACHABLE when nobody has answered by then. */
  static async open(options: LinkOptions, waitMs: number): Promise<ProcessLink> {
    const client = await connect(options.folder, waitMs, () => false);
    return new ProcessLink(options, client, await client.call<Hello>({ call: 'hello', role: options.role }));
  }

  /** A request that may be repeated: it is, when the process ends before it answers. Rejects with its refusal, and DATAPATH_UNREACHABLE. */
  async call<Result>(call: Call): Promise<Result> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const client = await this.client;
      try {
        return await client.call<Result>(call);
      } catch (error) {
        const isGone = error instanceof AgentError && error.code === 'DATAPATH_UNREACHABLE';
        if (!isGone || this.closed || performance.now() > deadline) throw error;
        await client.ended;
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = await this.client.catch(() => undefined);
    client?.close();
  }

  private follow(client: ControlClient): void {
    void client.ended.then(() => {
      if (this.closed) return;
      this.client = this.reconnect();
      // Whoever asks next hears of it.
      this.client.catch(() => undefined);
    });
  }

  private async reconnect(): Promise<ControlClient> {
    for (;;) {
      const client = await connect(this.options.folder, Number.POSITIVE_INFINITY, () => this.closed);
      const hello = await client.call<Hello>({ call: 'hello', role: this.options.role }).catch(() => undefined);
      if (hello === undefined) continue;
      const isReplaced = hello.id !== this.hello.id;
      this.hello = hello;
      this.follow(client);
      if (isReplaced) this.options.onReplaced();
      return client;
    }
  }
}

async function connect(folder: string, waitMs: number, isOver: () => boolean): Promise<ControlClient> {
  const deadline = performance.now() + waitMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await ControlClient.open(join(folder, 'control.sock'));
    } catch (error) {
      if (isOver() || performance.now() + pause > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
