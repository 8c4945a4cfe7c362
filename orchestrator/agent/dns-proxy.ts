// DNS proxy: the agent's word to the process that answers pods' questions: rules on disk before it is told of them, a process where rules need
// one and nobody answers, and what it says of itself.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Mode } from '../datapath/capability.ts';
import type { CacheRow, Hello, ProxyStatus } from '../dns/control-line.ts';
import { type DnsRules, readRules, writeRules } from '../dns/rules.ts';
import type { DnsTeller } from '../enforcement/dns/telling.ts';
import { noDns, type WantedDns } from '../enforcement/dns/wanted-rules.ts';
import { Waiters } from '../enforcement/waiters.ts';
import { AgentError } from '../errors.ts';
import { proxyDevice } from '../host/ours.ts';
import type { RoomLog } from '../log.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import { deviceDrops } from './device-drops.ts';
import { DnsControl } from './dns-control.ts';
import { DnsUpgrade } from './dns-upgrade.ts';
import { dnsFolder } from './run-folders.ts';

/** idle: no policy of the cluster asks for it, and it does not run. away: it does not answer; questions of pods are dropped. */
export type DnsProxyState = 'idle' | 'starting' | 'serving' | 'away';

export interface DnsProxyOptions {
  readonly runDir: string;
  readonly reject: DnsRules['reject'];
  readonly mode: Mode;
  readonly port: number;
  /** Has the questions of pods led to the port. */
  readonly lead: () => void;
  /** Returns at once; throws where there is no use in it. */
  readonly start: () => void;
  /** Ends one that is there and not as it should be. */
  readonly stop: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: RoomLog;
}

/** For an answer to anything but an upgrade. Who is slower than that is away. */
const answerMs = 2000;
/** From the start of the process to its first answer. */
const startMs = 10_000;
/** One that has served comes back by itself. */
const returnMs = 1000;
/** A pod that comes waits for so long, and comes then without DNS. */
const mostWaitMs = 5000;
const lookEveryMs = 50;
const mostNames = 8;
const retry = { minMs: 100, maxMs: 5000 };

export class DnsProxy implements DnsTeller {
  readonly earlier: WantedDns | undefined;
  private readonly options: DnsProxyOptions;
  private readonly folder: string;
  private readonly bell = new Bell();
  private readonly waiters = new Waiters();
  private rules: DnsRules;
  /** `rules` are not in the file yet, and why. */
  private unwritten: string | undefined;
  private control: DnsControl | undefined;
  /** Why who serves does not take what it was told last: another version, as a rule, which is being replaced then. */
  private refused: string | undefined;
  private inForce = 0;
  private current: DnsProxyState = 'idle';
  private why = '';
  private startedAt = Number.NEGATIVE_INFINITY;
  private leftAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private readonly upgrade: DnsUpgrade;
  /** Of who serves. */
  private version = '';
  private isLed = false;
  private served: ReadonlySet<number>;
  /** Policies of the cluster have rules for names. */
  private isExpected = false;
  /** In this life. */
  private hasServed = false;
  /** Rules for pods wait until it serves; packets go their former way. */
  private isAwaited = false;

  private constructor(options: DnsProxyOptions, found: DnsRules | undefined) {
    this.options = options;
    this.folder = join(options.runDir, dnsFolder);
    this.earlier = found && { endpoints: found.endpoints, sets: found.sets };
    this.rules = found ?? { format: 1, generation: 0, reject: options.reject, ...noDns };
    this.served = numbersOf(this.rules);
    this.upgrade = new DnsUpgrade({ clock: options.clock, log: options.log, changed: () => this.bell.ring() });
  }

  /** Takes over what an earlier life told. */
  static async open(options: DnsProxyOptions): Promise<DnsProxy> {
    const { runDir, reject, log } = options;
    const found = await readRules(join(runDir, dnsFolder, 'rules.json')).catch((error) => {
      log.warn('the rules of an earlier life cannot be read: they are written anew', { error });
      return undefined;
    });
    const proxy = new DnsProxy(options, found);
    if (found !== undefined && found.reject !== reject) await proxy.put(proxy.earlier as WantedDns);
    return proxy;
  }

  get state(): DnsProxyState {
    return this.current;
  }

  /** By pods here. */
  get isNeeded(): boolean {
    return this.rules.endpoints.length > 0;
  }

  private get isWanted(): boolean {
    return this.isNeeded || this.isExpected;
  }

  /** What does not work, in words; empty when all does, or nothing is asked for. */
  problems(): string[] {
    const pods = this.rules.endpoints.length;
    const what = this.isAwaited ? `rules for names of ${pods} pods are not in force yet` : `DNS of ${pods} pods is dropped`;
    const away = this.isNeeded && this.current !== 'serving' ? [`${what}: ${this.why || 'the DNS proxy does not run yet'}`] : [];
    const kept = this.refused === undefined ? [] : [`it keeps its rules, for it does not take those of this agent: ${this.refused}`];
    return [...away, ...kept, ...(this.unwritten === undefined ? [] : [`its rules cannot be written: ${this.unwritten}`])];
  }

  /** Why who serves is of another version after it was asked to hand over, in words. */
  get upgradeProblem(): string | undefined {
    return this.upgrade.problem;
  }

  /** It is started before pods here need it: a policy that selects one may come, or a pod that one selects. */
  expect(isExpected: boolean): void {
    if (this.isExpected === isExpected) return;
    this.isExpected = isExpected;
    this.lead();
    this.bell.ring();
  }

  /** Who serves waits for nobody else: this ends in time, whatever becomes of the proxy. */
  async tell(wanted: WantedDns): Promise<void> {
    this.isAwaited = wanted.endpoints.some(({ id }) => !this.served.has(id)) && this.isBeginning();
    await this.put(wanted);
    this.lead();
    this.bell.ring();
    const { generation } = this.rules;
    if (this.current === 'serving') await this.wait(() => this.inForce >= generation || this.current !== 'serving', answerMs);
    else if (this.isAwaited)
      await this.wait(() => (this.current === 'serving' ? this.inForce >= generation : !this.isBeginning()), startMs);
    this.isAwaited = false;
  }

  /** For the first time in this life: until it serves, or has not done so within its time. */
  private isBeginning(): boolean {
    return !this.hasServed && this.failures <= 1 && this.current !== 'away' && this.unwritten === undefined;
  }

  /** Ends once the rules of an endpoint are in force, where it has any; or when it is time to go on without. */
  async ready(endpoint: number, signal: AbortSignal): Promise<void> {
    const isReady = () => {
      if (this.current === 'away' || !this.hasEndpoint(endpoint)) return true;
      return this.inForce >= this.rules.generation;
    };
    await this.wait(isReady, mostWaitMs, signal);
  }

  private async wait(holds: () => boolean, forMs: number, signal?: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(forMs);
    await this.waiters.until(holds, signal === undefined ? timeout : AbortSignal.any([signal, timeout])).catch(() => {});
  }

  /** What it says of itself; undefined when nobody answers. */
  async status(): Promise<ProxyStatus | undefined> {
    const status = await this.control?.call<ProxyStatus>({ call: 'status' }, answerMs / 4).catch(() => undefined);
    if (status === undefined || this.options.mode === 'kernel') return status;
    return { ...status, counters: { ...status.counters, answersUndelivered: deviceDrops(proxyDevice) } };
  }

  /** Whether a pod's names are looked at. */
  hasEndpoint(endpoint: number): boolean {
    return this.served.has(endpoint);
  }

  /** Names for which a pod was told an address; undefined when nobody says so within the time. */
  async namesOf(endpoint: number, address: string, withinMs: number): Promise<string[] | undefined> {
    if (this.current !== 'serving') return undefined;
    const rows = await this.control
      ?.call<CacheRow[]>({ call: 'cache', endpoint, address, limit: mostNames }, withinMs)
      .catch(() => undefined);
    return rows && [...new Set(rows.map(({ name }) => withoutDot(name)))];
  }

  /** A connection of its own, for who asks on behalf of others. Throws DNS_PROXY_UNREACHABLE. */
  connect(): Promise<DnsControl> {
    return DnsControl.connect(this.socketPath);
  }

  /** Until the signal is aborted; the proxy goes on. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock } = this.options;
    while (!signal.aborted) {
      const wait = this.rules.generation === 0 && !this.isExpected ? Number.POSITIVE_INFINITY : await this.round();
      this.waiters.look();
      await this.bell.wait({ signal, clock, until: clock.now() + wait });
    }
    this.control?.[Symbol.dispose]();
  }

  /** Milliseconds until the next one is due. */
  private async round(): Promise<number> {
    this.lead();
    if (this.unwritten !== undefined) await this.write();
    try {
      this.control ??= await this.meet();
      await this.bringIntoForce(this.control);
      this.failures = 0;
      const wait = this.unwritten === undefined && this.refused === undefined ? Number.POSITIVE_INFINITY : retry.maxMs;
      return Math.min(wait, this.upgrade.look(this.control, this.version));
    } catch (error) {
      this.control?.[Symbol.dispose]();
      this.control = undefined;
      return this.missed(error as Error);
    }
  }

  /** A proxy that is as this node wants it. */
  private async meet(): Promise<DnsControl> {
    const { mode, port, stop, log } = this.options;
    const control = await DnsControl.connect(this.socketPath);
    const hello = await control.call<Hello>({ call: 'hello' }, answerMs);
    if (hello.mode !== mode || hello.port !== port) {
      log.warn('the DNS proxy is not of this mode or at this port: it is ended and started anew');
      control[Symbol.dispose]();
      await stop();
      throw new Error('it was at another port, or of another mode');
    }
    this.inForce = hello.generation;
    void control.closed.then(() => this.left(control));
    this.version = hello.version;
    return control;
  }

  private async bringIntoForce(control: DnsControl): Promise<void> {
    // It remembers more than the file: somebody has taken that away.
    if (this.inForce > this.rules.generation) await this.put(this.rules, this.inForce);
    const { generation } = this.rules;
    if (this.inForce !== generation && this.unwritten === undefined) {
      this.refused = await control.call({ call: 'rules', generation }, answerMs).then(() => undefined, refusal);
      if (this.refused === undefined) this.inForce = generation;
    }
    if (this.current !== 'serving') this.options.log.info('the DNS proxy serves', { revision: this.inForce });
    this.become('serving', '');
    this.hasServed = true;
    // More may have come meanwhile.
    if (this.rules.generation !== generation) this.bell.ring();
  }

  private missed({ message }: Error): number {
    const { clock, start, log } = this.options;
    const now = clock.now();
    if (!this.isWanted) {
      this.become('idle', '');
      return Number.POSITIVE_INFINITY;
    }
    const isReturning = now - this.leftAt < returnMs;
    const isStarting = now - this.startedAt < startMs;
    if (isReturning || isStarting) {
      if (this.current !== 'starting') this.become('starting', message);
      return lookEveryMs;
    }
    if (this.current !== 'away' && this.failures > 0)
      log.error(`the DNS proxy does not answer${this.isNeeded ? ': questions of pods are dropped' : ''}`, { error: message });
    this.become(this.failures === 0 ? 'starting' : 'away', message);
    this.failures += 1;
    this.startedAt = now;
    try {
      start();
    } catch (error) {
      this.become('away', (error as Error).message);
    }
    return this.failures === 1 ? lookEveryMs : delayAfter(this.failures, retry, clock);
  }

  private left(control: DnsControl): void {
    if (this.control !== control) return;
    this.control = undefined;
    this.inForce = 0;
    this.refused = undefined;
    this.leftAt = this.options.clock.now();
    this.bell.ring();
  }

  private async put(wanted: WantedDns, after = 0): Promise<void> {
    const { reject } = this.options;
    const generation = Math.max(this.rules.generation, after) + 1;
    this.rules = { format: 1, generation, reject, endpoints: wanted.endpoints, sets: wanted.sets };
    this.served = numbersOf(wanted);
    await this.write();
  }

  /** Before any of them comes. */
  private lead(): void {
    if (this.isLed || !this.isWanted) return;
    this.isLed = true;
    this.options.lead();
  }

  private async write(): Promise<void> {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      await writeRules(join(this.folder, 'rules.json'), this.rules);
      this.unwritten = undefined;
    } catch (error) {
      if (this.unwritten === undefined)
        this.options.log.error('the rules of the DNS proxy cannot be written, which is tried again', { error });
      this.unwritten = (error as Error).message;
    }
  }

  private become(state: DnsProxyState, why: string): void {
    this.current = state;
    this.why = why;
  }

  private get socketPath(): string {
    return join(this.folder, 'control.sock');
  }
}

function numbersOf({ endpoints }: WantedDns): ReadonlySet<number> {
  return new Set(endpoints.map(({ id }) => id));
}

/** An answer, if not the one that is wished for; rethrows what is none. */
function refusal(error: unknown): string {
  if (error instanceof AgentError && error.code === 'DNS_PROXY_REFUSED') return error.message;
  throw error;
}

function withoutDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}
