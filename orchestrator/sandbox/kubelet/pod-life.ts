// Pod life: one pod from its first sight to its end: files, namespaces, network, containers, probes, and all of it backwards.

import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomLog } from '../../log.ts';
import { Cgroup } from './cgroup.ts';
import { type Attachment, addAttachment, type CniOptions, removeAttachment } from './cni.ts';
import { Container } from './container.ts';
import { environmentOf, expand, type PodPlace } from './environment.ts';
import type { KubeApi } from './kube-api.ts';
import { type Namespaces, openNamespaces } from './namespaces.ts';
import { type ContainerSpec, graceSeconds, nameOf, type Pod, type ProbeSpec, restartPolicyOf } from './pod.ts';
import { type ClusterDns, PodFiles } from './pod-files.ts';
import { runProbe } from './probe.ts';
import type { ContainerFacts, PodFacts } from './status.ts';

export interface PodLifeOptions {
  readonly api: KubeApi;
  readonly cni: CniOptions;
  readonly dns: ClusterDns;
  readonly node: string;
  readonly nodeAddresses: readonly string[];
  readonly stateFolder: string;
  readonly cgroup: string;
  readonly log: RoomLog;
  /** Its facts have changed. */
  readonly changed: () => void;
}

export class PodLife {
  pod: Pod;
  readonly #options: PodLifeOptions;
  readonly #ending = new AbortController();
  readonly #files: PodFiles;
  readonly #cgroup: Cgroup;
  readonly #record: string;
  readonly #startTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  #attachment: Attachment | undefined;
  #namespaces: Namespaces | undefined;
  #addresses: readonly string[] = [];
  #init: Container[] = [];
  #containers: Container[] = [];
  #isInitialized = false;
  #problem: string | undefined;

  constructor(pod: Pod, options: PodLifeOptions) {
    this.pod = pod;
    this.#options = options;
    const { namespace, name, uid } = nameOf(pod);
    this.#files = new PodFiles(join(options.stateFolder, 'pods', uid));
    this.#cgroup = new Cgroup(join(options.cgroup, `pod-${uid}`));
    this.#record = join(options.stateFolder, `${namespace}_${name}.json`);
  }

  get facts(): PodFacts {
    const { nodeAddresses } = this.#options;
    const facts = { nodeAddresses, addresses: this.#addresses, startTime: this.#startTime, problem: this.#problem };
    const { initContainers = [], containers = [] } = this.pod.spec ?? {};
    return {
      ...facts,
      isInitialized: this.#isInitialized,
      initContainers: factsOf(initContainers, this.#init),
      containers: factsOf(containers, this.#containers),
    };
  }

  /** Until its containers have ended for good, or `end` was called. */
  async run(): Promise<void> {
    for (let delay = 250; !this.#ending.signal.aborted; delay = Math.min(delay * 2, 10_000)) {
      try {
        await this.#begin();
        break;
      } catch (error) {
        this.#problem = (error as Error).message;
        this.#options.log.warn('a pod could not be started', { endpoint: nameOf(this.pod), error });
        this.#options.api.tell(this.pod as never, 'FailedCreatePodSandBox', this.#problem, 'Warning');
        this.#options.changed();
        await this.#undo();
        await sleep(delay, undefined, { signal: this.#ending.signal }).catch(() => {});
      }
    }
    if (this.#ending.signal.aborted) return;
    this.#problem = undefined;
    await this.#runContainers(this.#namespaces!);
    if (this.#ending.signal.aborted) return;
    // Over: what it said stays, its address is free.
    await this.#undo();
    this.#options.changed();
  }

  /** Stops its containers, takes everything back. May be repeated. */
  async end(): Promise<void> {
    this.#ending.abort();
    const graceMs = graceSeconds(this.pod) * 1000;
    for (const container of this.#containers) container.isReady = false;
    this.#options.changed();
    await Promise.all([...this.#init, ...this.#containers].map((container) => this.#stop(container, graceMs)));
    await this.#undo();
    this.#files.remove();
  }

  async #begin(): Promise<void> {
    const { api, cni, dns } = this.#options;
    const { namespace, name, uid } = nameOf(this.pod);
    const mounts = await this.#files.prepare(this.pod, api, dns);
    const isHosts = this.pod.spec?.hostNetwork === true;
    const hostname = isHosts ? this.#options.node : this.pod.spec?.hostname || name;
    this.#namespaces = await openNamespaces({ hostname, hostNetwork: isHosts, cgroup: this.#cgroup, mounts });
    if (isHosts) {
      this.#addresses = this.#options.nodeAddresses;
    } else {
      const containerId = randomBytes(32).toString('hex');
      this.#attachment = { containerId, netns: this.#namespaces.network, pod: { namespace, name, uid } };
      this.#note();
      this.#addresses = await addAttachment(cni, this.#attachment);
    }
    this.#note();
    this.#files.setAddresses(this.pod, this.#addresses);
    this.#options.changed();
  }

  /** For whoever enters the pod from outside, and for a kubelet that comes after a crash of this one. */
  #note(): void {
    const record = {
      ...nameOf(this.pod),
      pid: this.#namespaces?.pid,
      cgroup: this.#cgroup.path,
      containerId: this.#attachment?.containerId,
    };
    const user = this.pod.spec?.containers[0]?.securityContext;
    writeFileSync(
      this.#record,
      JSON.stringify({ ...record, addresses: this.#addresses, uidOfUser: user?.runAsUser, gidOfUser: user?.runAsGroup }),
    );
  }

  async #undo(): Promise<void> {
    await this.#cgroup.remove();
    this.#namespaces?.end();
    if (this.#attachment) await this.#detach(this.#attachment);
    this.#namespaces = undefined;
    this.#attachment = undefined;
    this.#forgetNote();
  }

  /** Another pod of this name may have come before this one was out. */
  #forgetNote(): void {
    try {
      if (JSON.parse(readFileSync(this.#record, 'utf8')).uid !== nameOf(this.pod).uid) return;
    } catch {
      // There is none, or nobody can read it.
    }
    rmSync(this.#record, { force: true });
  }

  /** Its address may be given to nobody else before the plugin has said so; a node without an agent is waited for. */
  async #detach(attachment: Attachment): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        await removeAttachment(this.#options.cni, { ...attachment, netns: '' });
        return;
      } catch (error) {
        this.#options.log.warn('a pod could not be taken off the network', { endpoint: attachment.pod, error });
        await sleep(500);
      }
    }
  }

  async #runContainers(namespaces: Namespaces): Promise<void> {
    const { initContainers = [], containers = [] } = this.pod.spec ?? {};
    const policy = restartPolicyOf(this.pod);
    this.#init = initContainers.map((spec) => this.#container(spec, namespaces, policy === 'Never' ? 'Never' : 'OnFailure'));
    for (const container of this.#init) {
      await container.run(() => {});
      if (!('terminated' in container.state) || container.state.terminated.exitCode !== 0) return;
      container.isReady = true;
    }
    this.#isInitialized = true;
    this.#containers = containers.map((spec) => this.#container(spec, namespaces, policy));
    await Promise.all(this.#containers.map((container) => container.run((life) => this.#watch(container, life))));
  }

  #container(spec: ContainerSpec, namespaces: Namespaces, policy: 'Always' | 'OnFailure' | 'Never'): Container {
    const { namespace, name } = nameOf(this.pod);
    return new Container({
      spec,
      namespaces,
      policy,
      enterCgroup: this.#cgroup.enter,
      logFile: join(this.#options.stateFolder, 'logs', namespace, name, `${spec.name}.log`),
      prepare: () => this.#prepare(spec),
      changed: this.#options.changed,
    });
  }

  async #prepare(spec: ContainerSpec): Promise<{ argv: string[]; env: Record<string, string> }> {
    const { node, nodeAddresses, api } = this.#options;
    const place: PodPlace = { node, nodeAddresses, addresses: this.#addresses };
    const env = await environmentOf(this.pod, spec, place, api);
    const words = [...(spec.command ?? []), ...(spec.args ?? [])].map((word) => expand(word, env));
    if (words.length === 0) throw new Error(`container ${spec.name}: no command: images are not run here, a command of the host is`);
    return { argv: words, env };
  }

  /** Beside one life of a container. */
  #watch(container: Container, life: AbortSignal): void {
    const { readinessProbe, livenessProbe, startupProbe } = container.spec;
    const started = () => {
      container.isStarted = true;
      if (readinessProbe) this.#probe(container, readinessProbe, life, false, (isGood) => this.#setReady(container, isGood));
      else this.#setReady(container, true);
      if (livenessProbe)
        this.#probe(container, livenessProbe, life, true, (isGood, why) => !isGood && this.#unhealthy(container, 'Liveness', why));
    };
    if (!startupProbe) {
      started();
      return;
    }
    const { periodSeconds = 10, failureThreshold = 3, initialDelaySeconds = 0 } = startupProbe;
    const over = new AbortController();
    const patience = sleep((initialDelaySeconds + periodSeconds * failureThreshold) * 1000, undefined, {
      signal: AbortSignal.any([life, over.signal]),
    });
    patience.then(() => this.#unhealthy(container, 'Startup', 'not started in time')).catch(() => {});
    this.#probe(container, startupProbe, AbortSignal.any([life, over.signal]), false, () => {
      over.abort();
      started();
    });
  }

  #probe(
    container: Container,
    probe: ProbeSpec,
    signal: AbortSignal,
    initially: boolean,
    changed: (isGood: boolean, why: string | undefined) => void,
  ): void {
    void runProbe({ probe, container, address: this.#addresses[0] ?? '127.0.0.1', signal, initially, changed });
  }

  #setReady(container: Container, isReady: boolean): void {
    container.isReady = isReady;
    this.#options.changed();
  }

  #unhealthy(container: Container, kind: string, why: string | undefined): void {
    this.#options.api.tell(this.pod as never, 'Unhealthy', `${kind} probe failed: ${why ?? ''}`, 'Warning');
    void container.kill(graceSeconds(this.pod) * 1000);
  }

  async #stop(container: Container, graceMs: number): Promise<void> {
    const begun = Date.now();
    const { exec, sleep: pause } = container.spec.lifecycle?.preStop ?? {};
    if (container.isRunning && exec?.command) await container.check(exec.command, graceMs).catch(() => {});
    if (container.isRunning && pause) await sleep(Math.min(pause.seconds * 1000, graceMs));
    await container.stop(Math.max(0, graceMs - (Date.now() - begun)));
  }
}

function factsOf(specs: readonly ContainerSpec[], containers: readonly Container[]): ContainerFacts[] {
  return specs.map(({ name, image = '' }) => {
    const container = containers.find((one) => one.spec.name === name);
    const {
      state = { waiting: { reason: 'ContainerCreating' } },
      lastState,
      isReady = false,
      isStarted = false,
      restarts = 0,
    } = container ?? {};
    return { name, image, state, lastState, isReady, isStarted, restarts };
  });
}
