// The DNS proxy of a node, as a test sees it: what it says of itself, its upgrade, and its end.

import { dirname, join } from 'node:path';
import { DnsControl } from '../../../orchestrator/agent/dns-control.ts';
import type { Call, Hello, ProxyStatus } from '../../../orchestrator/dns/control-line.ts';
import type { RunningNode } from '../../../orchestrator/sandbox/running-node.ts';
import { until } from '../outage-world.ts';

const patienceMs = 60_000;

export class NodeProxy {
  readonly #node: RunningNode;
  readonly #folder: string;

  constructor(node: RunningNode) {
    this.#node = node;
    this.#folder = join(dirname(node.socket), 'dns');
  }

  hello(): Promise<Hello> {
    return this.#call({ call: 'hello' });
  }

  status(): Promise<ProxyStatus> {
    return this.#call({ call: 'status' });
  }

  /** The same program takes over from itself; resolves when it has. */
  async upgrade(): Promise<void> {
    const { pid } = await this.hello();
    await this.#call({ call: 'upgrade' });
    await until('another process answers', async () => (await this.hello()).pid !== pid);
  }

  /** Resolves when another one answers. */
  async kill(): Promise<void> {
    const { pid } = await this.hello();
    await this.#signal('KILL', [pid]);
    await until('another process answers', async () => (await this.hello()).pid !== pid);
  }

  /** With whoever would start it again, but for agents: all are stopped first, for any of them would take another one's place. */
  async destroy(): Promise<void> {
    for (let pids = await this.#processes(); pids.length > 0; pids = await this.#processes()) {
      await this.#signal('STOP', pids);
      const all = await this.#processes();
      if (all.length === pids.length) await this.#signal('KILL', all);
    }
    await until('nobody answers', () =>
      this.hello().then(
        () => false,
        () => true,
      ),
    );
  }

  /** Supervisors and children that live. */
  async #processes(): Promise<number[]> {
    const text = await this.#run(['sh', '-c', "grep -lzE '^dns-proxy(-child)?$' /proc/[0-9]*/cmdline || true"]);
    return [...text.matchAll(/^\/proc\/(\d+)\//gm)].map(([, pid]) => Number(pid));
  }

  async #signal(name: 'STOP' | 'KILL', pids: readonly number[]): Promise<void> {
    await this.#run(['kill', `-${name}`, ...pids.map(String)]);
  }

  async #run(words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#node.exec(words);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  }

  async #call<Result>(call: Call): Promise<Result> {
    using control = await DnsControl.connect(join(this.#folder, 'control.sock'));
    return await control.call<Result>(call, patienceMs);
  }
}
