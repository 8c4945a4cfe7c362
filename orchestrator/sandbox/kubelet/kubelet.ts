// The kubelet of a sandbox's node: keeps the pods that the API has for it running as processes in namespaces of their own, on the
// network that the CNI plugin gives them, and says how they are. Read this first.

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RoomLog } from '../../log.ts';
import { Counts } from '../../sources/kubernetes/counts.ts';
import type { Credentials } from '../../sources/kubernetes/credentials.ts';
import { KubeError } from '../../sources/kubernetes/failure.ts';
import { Reflector } from '../../sources/kubernetes/reflector.ts';
import { resources } from '../../sources/kubernetes/resource.ts';
import { Transport } from '../../sources/kubernetes/transport.ts';
import { type Clock, sleep } from '../../state/clock.ts';
import { Cgroup } from './cgroup.ts';
import { type CniOptions, removeAttachment } from './cni.ts';
import { KubeApi } from './kube-api.ts';
import { NodeStatus } from './node-status.ts';
import { isLeaving, isOver, nameOf, type Pod, podOf } from './pod.ts';
import type { ClusterDns } from './pod-files.ts';
import { PodLife } from './pod-life.ts';
import { podStatus } from './status.ts';

export interface KubeletOptions {
  readonly node: string;
  readonly nodeAddresses: readonly string[];
  readonly credentials: Credentials;
  readonly cni: CniOptions;
  readonly dns: ClusterDns;
  /** Records and files of its pods: `NAMESPACE_NAME.json`, `logs/NAMESPACE/NAME/CONTAINER.log`. */
  readonly stateFolder: string;
  /** A cgroup of its own. */
  readonly cgroup: string;
  readonly clock: Clock;
  readonly log: RoomLog;
}

interface Kept {
  readonly life: PodLife;
  /** What the API was told last. */
  told: string;
  telling: Promise<void>;
  isEnding: boolean;
}

/** Resolves when the signal was aborted and all pods have ended. */
export async function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  mkdirSync(options.stateFolder, { recursive: true });
  await endLeftovers(options);
  const stop = new AbortController();
  const kubelet = new Kubelet(options, stop.signal);
  signal.addEventListener('abort', () => void kubelet.endAll().then(() => stop.abort()), { once: true });
  await kubelet.run();
}

class Kubelet {
  readonly #options: KubeletOptions;
  readonly #signal: AbortSignal;
  readonly #transport: Transport;
  readonly #api: KubeApi;
  readonly #kept = new Map<string, Kept>();
  #isClosing = false;

  constructor(options: KubeletOptions, signal: AbortSignal) {
    const { credentials, clock } = options;
    this.#options = options;
    this.#signal = signal;
    this.#transport = new Transport({ credentials, clock, counts: new Counts() });
    this.#api = new KubeApi(this.#transport, signal);
  }

  async run(): Promise<void> {
    const { node, nodeAddresses, cni, clock, log } = this.#options;
    const status = new NodeStatus({ node, addresses: nodeAddresses, cni, api: this.#api, log, clock });
    const reflector = new Reflector({
      transport: this.#transport,
      resource: resources.pods,
      selection: { fields: `spec.nodeName=${node}` },
      clock,
      counts: new Counts(),
      log,
      sink: {
        put: (_key, object) => this.#put(podOf(object)),
        delete: (key) => this.#gone(key),
        synced: () => {},
        lost: (reason) => log.warn('the API server is away', { error: reason }),
      },
    });
    await Promise.all([reflector.run({ signal: this.#signal }), status.run(this.#signal)]);
    this.#transport.close();
  }

  async endAll(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#kept.values()].map(({ life }) => life.end()));
  }

  #put(pod: Pod): void {
    const { uid } = nameOf(pod);
    const kept = this.#kept.get(uid);
    if (kept === undefined) {
      if (isLeaving(pod)) void this.#api.deletePod(nameOf(pod)).catch(() => {});
      else if (!isOver(pod) && !this.#isClosing) this.#keep(pod);
      return;
    }
    kept.life.pod = pod;
    if (isLeaving(pod) && !kept.isEnding) void this.#end(kept);
  }

  #keep(pod: Pod): void {
    const { uid } = nameOf(pod);
    const life = new PodLife(pod, { ...this.#options, api: this.#api, changed: () => this.#tell(uid) });
    const kept: Kept = { life, told: '', telling: Promise.resolve(), isEnding: false };
    this.#kept.set(uid, kept);
    this.#tell(uid);
    life.run().catch((error) => this.#options.log.error('a pod failed', { endpoint: nameOf(pod), error }));
  }

  /** The object was removed without waiting for us. */
  #gone(key: string): void {
    for (const [uid, kept] of this.#kept) {
      const { namespace, name } = nameOf(kept.life.pod);
      if (`${namespace}/${name}` !== key || kept.isEnding) continue;
      kept.isEnding = true;
      void kept.life.end().then(() => this.#kept.delete(uid));
    }
  }

  async #end(kept: Kept): Promise<void> {
    kept.isEnding = true;
    const name = nameOf(kept.life.pod);
    await kept.life.end();
    await kept.telling;
    await this.#insist(() => this.#api.deletePod(name));
    this.#kept.delete(name.uid);
  }

  /** One status at a time, and always the latest. */
  #tell(uid: string): void {
    const kept = this.#kept.get(uid);
    if (kept === undefined) return;
    kept.telling = kept.telling.then(() => this.#say(kept)).catch(() => {});
  }

  async #say(kept: Kept): Promise<void> {
    const { life } = kept;
    const status = podStatus(life.pod, life.facts, new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
    const text = JSON.stringify({ ...status, conditions: status.conditions?.map(({ type, status: is, reason }) => [type, is, reason]) });
    if (text === kept.told || this.#signal.aborted) return;
    kept.told = text;
    life.pod = { ...life.pod, status };
    await this.#insist(
      () => this.#api.setPodStatus(nameOf(life.pod), status),
      () => kept.told === text,
    );
  }

  /** Again and again while the server can't be reached, as long as it is still wanted. */
  async #insist(act: () => Promise<void>, isWanted = () => true): Promise<void> {
    for (let attempt = 0; !this.#signal.aborted && isWanted(); attempt += 1) {
      try {
        return await act();
      } catch (error) {
        const isGone = error instanceof KubeError && (error.status === 404 || error.status === 409);
        if (isGone) return;
        if (attempt === 0) this.#options.log.warn('the API server was not told of a pod', { error });
        await sleep(this.#options.clock, Math.min(200 * 2 ** attempt, 5_000), this.#signal);
      }
    }
  }
}

/** What a kubelet that crashed has left running is ended: nobody watches it any more. */
async function endLeftovers({ stateFolder, cni, cgroup, log }: KubeletOptions): Promise<void> {
  for (const file of readdirSync(stateFolder).filter((name) => name.endsWith('.json'))) {
    try {
      const { namespace, name, uid, containerId } = JSON.parse(readFileSync(join(stateFolder, file), 'utf8'));
      await new Cgroup(join(cgroup, `pod-${uid}`)).remove();
      if (containerId) await removeAttachment(cni, { containerId, netns: '', pod: { namespace, name, uid } });
    } catch (error) {
      log.warn('what an earlier kubelet left could not be ended', { endpoint: file, error });
    }
    rmSync(join(stateFolder, file), { force: true });
  }
  rmSync(join(stateFolder, 'pods'), { recursive: true, force: true });
}
