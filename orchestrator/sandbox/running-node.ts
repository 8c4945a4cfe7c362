// A node of a running sandbox.

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { datapathPid } from './datapath-pid.ts';
import { type ExecOptions, type ExecProcess, type ExecResult, execIn, spawnIn } from './exec.ts';
import { nodeFolders } from './folders.ts';
import { type Entry, nodeEntry } from './place.ts';
import type { Record } from './record.ts';
import type { Part, SandboxNode } from './sandbox.ts';
import type { SupervisorClient } from './supervisor/client.ts';
import type { NodePlan } from './topology/plan.ts';

export class RunningNode implements SandboxNode {
  readonly cluster: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly socket: string;
  readonly stateDir: string;
  readonly #path: string;
  readonly #record: Record;
  readonly #supervisor: SupervisorClient;
  readonly #pid: number;
  readonly #control: string;

  constructor(record: Record, supervisor: SupervisorClient, plan: NodePlan, pid: number) {
    const { cluster, name, addresses, podCIDRs } = plan;
    this.cluster = cluster;
    this.name = name;
    this.addresses = addresses;
    this.podCIDRs = podCIDRs;
    this.#path = `${cluster}/${name}`;
    const folders = nodeFolders(record.folder, this.#path);
    this.socket = join(folders.run, 'axoneme.sock');
    this.stateDir = folders.agent;
    this.#control = join(folders.run, 'datapath', 'control.sock');
    this.#record = record;
    this.#supervisor = supervisor;
    this.#pid = pid;
  }

  get entry(): Entry {
    return nodeEntry(this.#record, this.#path, this.#pid);
  }

  async killAgent(signal?: NodeJS.Signals): Promise<void> {
    await this.#supervisor.part({ part: `${this.#path}/agent`, action: 'stop', signal });
  }

  async startAgent(flags?: readonly string[]): Promise<void> {
    await this.#supervisor.part({ part: `${this.#path}/agent`, action: 'start', flags });
    await this.#healthy();
  }

  async restartAgent(signal?: NodeJS.Signals): Promise<void> {
    await this.#supervisor.part({ part: `${this.#path}/agent`, action: 'restart', signal });
    await this.#healthy();
  }

  async killDatapath(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = await datapathPid(this.#control);
    const end = Date.now() + 30_000;
    await this.exec(['kill', `-${signal.slice('SIG'.length)}`, `${pid}`]);
    while ((await datapathPid(this.#control).catch(() => pid)) === pid) {
      if (Date.now() > end) throw new AgentError('SANDBOX_FAILED', `sandbox: ${this.#path}: no datapath process answers after ${signal}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async killKubelet(signal?: NodeJS.Signals): Promise<void> {
    await this.#supervisor.part({ part: `${this.#path}/kubelet`, action: 'stop', signal });
  }

  async startKubelet(): Promise<void> {
    await this.#supervisor.part({ part: `${this.#path}/kubelet`, action: 'start' });
  }

  async exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execIn(this.entry, argv, options);
  }

  spawn(argv: readonly string[], options?: ExecOptions): ExecProcess {
    return spawnIn(this.entry, argv, options);
  }

  log(part: Part): string {
    return readFileSync(join(nodeFolders(this.#record.folder, this.#path).logs, `${part}.log`), 'utf8');
  }

  async #healthy(): Promise<void> {
    // Generous: hosts of sandboxes may be busy.
    for (const end = Date.now() + 120_000; ; ) {
      const complaint = await complaintOf(this.socket);
      if (complaint === undefined) return;
      if (Date.now() > end)
        throw new AgentError('SANDBOX_FAILED', `sandbox: ${this.#path}: its agent is not healthy after 120 s: ${complaint}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** What an agent says of its health when it is not well, or why it says nothing. */
function complaintOf(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path: '/v1/healthz', timeout: 2_000 }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve(response.statusCode === 200 ? undefined : `${response.statusCode} ${text.trim()}`);
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.on('error', (error) => resolve(error.message));
    asking.end();
  });
}
