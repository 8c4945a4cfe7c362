// The life of interfaces: made, checked, deleted, and found again after a restart. What the runtime asks of one interface is done one after
// the other; different interfaces do not wait for each other.
//
// Order. Made: file, device, row, policy. Deleted: device, row, flows, file, addresses. So a file without a device is one whose deletion was
// begun, or whose making did not end, and nobody has an address while a file still names it.

import { join } from 'node:path';
import { type CniAnswer, type CniRequest, cniCode } from '../cni/request.ts';
import { AgentError } from '../errors.ts';
import { sleep } from '../state/clock.ts';
import { Ids } from '../state/ids.ts';
import type { TableWriter } from '../state/table-writer.ts';
import { type Attachment, type AttachmentName, readAttachment, readName } from './attachment.ts';
import { DeleteQueue } from './delete-queue.ts';
import { realDisk } from './disk.ts';
import type { Endpoints, EndpointsOptions, PoolState } from './endpoints.ts';
import type { StoredInterface } from './interface-file.ts';
import {
  attachmentKey,
  diskSource,
  type InterfaceIndex,
  type InterfaceTable,
  openInterfaces,
  type PodInterface,
  podKey,
} from './interfaces.ts';
import { Leaving } from './leaving.ts';
import { deviceName, macOf } from './names.ts';
import { AddressPool } from './pool.ts';
import { CniRefusal, ownCode, refusalAnswer } from './refusal.ts';
import { restore } from './restore.ts';
import { resultDifferences, resultOf } from './result.ts';
import { Store } from './store.ts';
import { Strays } from './strays.ts';
import { Turns } from './turns.ts';

const numbersRestMs = 10 * 60_000;
const enforcedWithinMs = 10_000;
const strayGraceMs = 60_000;
/** How often the queue is looked at. */
const drainMs = 5_000;

export class Life implements Endpoints {
  readonly table: InterfaceTable;
  readonly #writer: TableWriter<PodInterface, InterfaceIndex>;
  readonly #options: EndpointsOptions;
  readonly #store: Store;
  readonly #pool = new AddressPool();
  readonly #turns = new Turns();
  readonly #leaving: Leaving;
  readonly #strays: Strays;
  readonly #queue: DeleteQueue;
  /** ADDs that wait to be enforced, by endpoint. */
  readonly #waiting = new Map<number, Set<AbortController>>();
  /** Attachments of which an ADD is going on. */
  readonly #making = new Map<string, number>();
  #ids: Ids;
  #broken: string[] = [];

  private constructor(options: EndpointsOptions) {
    const { clock, log, host, disk = realDisk, stateFolder, forget } = options;
    this.#options = options;
    const { table, writer } = openInterfaces();
    this.table = table;
    this.#writer = writer;
    this.#store = new Store(join(stateFolder, 'endpoints'), disk);
    this.#ids = new Ids({ first: 1, last: 65535, reuseAfterMs: numbersRestMs, clock });
    this.#strays = new Strays({ log, removeDevice: (device) => host.removePodDevice(device) });
    this.#leaving = new Leaving({
      clock,
      log,
      turns: this.#turns,
      removeDevice: (device) => host.removePodDevice(device),
      forget,
      removeFile: (endpoint) => this.#store.remove(endpoint),
      release: (row) => this.#release(row),
    });
    const remove = (name: AttachmentName) => this.#turns.take(attachmentKey(name), () => this.#unmake(name));
    this.#queue = new DeleteQueue({ folder: join(stateFolder, 'delete-queue'), disk, log, remove });
  }

  static async open(options: EndpointsOptions): Promise<Life> {
    const life = new Life(options);
    await life.#restore();
    return life;
  }

  setPrefixes(prefixes: readonly string[]): void {
    this.#pool.setPrefixes(prefixes);
  }

  pools(): PoolState[] {
    return this.#pool.states();
  }

  problems(): string[] {
    const queue = this.#queue.failure === undefined ? [] : [`queued deletions: ${this.#queue.failure}`];
    return [...this.#broken, ...this.#leaving.problems(), ...this.#strays.problems(), ...queue];
  }

  async cni(request: CniRequest): Promise<CniAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      const answer = refusalAnswer(error);
      if (answer === undefined) this.#options.log.error('a request of the runtime failed', { error });
      return answer ?? { code: ownCode.failed, body: { msg: `the agent failed: ${(error as Error).message}` } };
    }
  }

  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { clock } = this.#options;
    const strayAt = clock.now() + (this.#options.strayGraceMs ?? strayGraceMs);
    const drain = async () => {
      while (!signal.aborted) {
        await this.#queue.drain();
        if (clock.now() >= strayAt) this.#strays.removeAll();
        await sleep(clock, drainMs, signal);
      }
    };
    await Promise.all([drain(), this.#leaving.run({ signal })]);
  }

  async #restore(): Promise<void> {
    const { log, clock, host } = this.#options;
    const found = await restore({ store: this.#store, log, pool: this.#pool, devices: host.podDevices() });
    const held = [...found.rows, ...found.gone].map((row) => [attachmentKey(row), row.endpoint] as const);
    const broken = found.broken.map((endpoint) => [`broken ${endpoint}`, endpoint] as const);
    this.#ids = new Ids({ first: 1, last: 65535, reuseAfterMs: numbersRestMs, clock, held: [...held, ...broken] });
    for (const [key] of broken) this.#ids.release(key);
    for (const row of found.rows) this.#writer.put(row);
    for (const row of found.gone) this.#leaving.begin(row);
    this.#strays.find(found.strays);
    this.#broken = found.problems;
    this.#writer.delivered(diskSource);
  }

  async #answer(request: CniRequest): Promise<CniAnswer> {
    switch (request.command) {
      case 'ADD':
        return { code: 0, body: resultOf(await this.#add(readAttachment(request))) };
      case 'DEL': {
        const name = readName(request);
        await this.#turns.take(attachmentKey(name), () => this.#unmake(name));
        return { code: 0 };
      }
      case 'CHECK':
        return this.#check(request);
      case 'STATUS':
        return this.#status();
      case 'GC':
        return this.#collect(request);
      default:
        throw new CniRefusal(cniCode.badEnvironment, `CNI_COMMAND: not known: ${JSON.stringify((request as CniRequest).command)}`);
    }
  }

  /** A deletion that is still queued was asked for before. */
  async #add(attachment: Attachment): Promise<PodInterface> {
    const key = attachmentKey(attachment);
    this.#making.set(key, (this.#making.get(key) ?? 0) + 1);
    try {
      await this.#queue.drain();
      const row = await this.#turns.take(key, () => this.#make(attachment));
      await this.#untilEnforced(row);
      return row;
    } finally {
      const count = (this.#making.get(key) ?? 1) - 1;
      if (count > 0) this.#making.set(key, count);
      else this.#making.delete(key);
    }
  }

  /** Within the attachment's turn. */
  async #make(attachment: Attachment): Promise<PodInterface> {
    const key = attachmentKey(attachment);
    await this.#leaving.finish(key).catch((error: Error) => {
      throw new CniRefusal(cniCode.tryAgain, `pod ${podKey(attachment)}: its earlier interface is not released yet: ${error.message}`);
    });
    const [before] = this.table.by('attachment', key);
    if (before !== undefined) return this.#makeAgain(before, attachment);
    const stored = this.#plan(attachment);
    try {
      await this.#store.write(stored);
      const row = { ...stored, port: this.#addDevice(stored) };
      this.#writer.put(row);
      return row;
    } catch (error) {
      this.#leaving.begin(stored);
      await this.#leaving.finish(key).catch(() => {});
      throw error;
    }
  }

  /** The same answer as before, and whatever is missing of the device is made. */
  async #makeAgain(before: PodInterface, attachment: Attachment): Promise<PodInterface> {
    const { port: _, ...stored } = { ...before, ...attachment };
    if (stored.netns !== before.netns) {
      await this.#store.write(stored);
      this.#options.host.removePodDevice(before.device);
    }
    const row = { ...stored, port: this.#addDevice(stored) };
    this.#writer.put(row);
    return row;
  }

  #plan(attachment: Attachment): StoredInterface {
    const key = attachmentKey(attachment);
    if (!this.#pool.hasPrefixes) throw new CniRefusal(cniCode.tryAgain, 'pod addresses: the pod prefixes of this node are not known yet');
    const addresses = this.#pool.take(key);
    const endpoint = this.#ids.take(key);
    if (endpoint === undefined) {
      this.#pool.release(addresses);
      throw new AgentError('ENDPOINTS_EXHAUSTED', `endpoints: no number is free: ${this.#ids.size} in use, the others rest`);
    }
    const [mac, gatewayMac] = [macOf(attachment, 'pod'), macOf(attachment, 'host')];
    return { endpoint, ...attachment, device: deviceName(attachment), mac, gatewayMac, addresses, mtu: this.#options.mtu() };
  }

  #addDevice(spec: StoredInterface): number {
    const { host } = this.#options;
    const { device, netns, ifname, mac, gatewayMac, addresses, mtu } = spec;
    if (this.#strays.has(device)) host.removePodDevice(device);
    this.#strays.forget(device);
    return host.addPodDevice({ device, netns, ifname, mac, gatewayMac, addresses, mtu });
  }

  /** Within the attachment's turn. Ends well once no packet of it passes any more; the rest is done later if it has to be. */
  async #unmake(name: AttachmentName): Promise<void> {
    const key = attachmentKey(name);
    const [row] = this.table.by('attachment', key);
    const device = row?.device ?? deviceName(name);
    this.#options.host.removePodDevice(device);
    this.#strays.forget(device);
    if (row !== undefined) {
      this.#writer.delete(row.endpoint);
      for (const wait of this.#waiting.get(row.endpoint) ?? []) wait.abort();
      this.#leaving.begin(row);
    }
    await this.#leaving.finish(key).catch((error: Error) => {
      this.#options.log.warn('an interface that is gone cannot be released yet', { endpoint: row?.endpoint ?? device, error });
    });
  }

  #release(row: StoredInterface): void {
    this.#pool.release(row.addresses);
    this.#ids.release(attachmentKey(row));
  }

  async #untilEnforced(row: PodInterface): Promise<void> {
    const { endpoint } = row;
    const { enforced, clock, log, enforcedWithinMs: within = enforcedWithinMs } = this.#options;
    const wait = new AbortController();
    let isGone = false;
    const waits = this.#waiting.get(endpoint) ?? new Set();
    this.#waiting.set(endpoint, waits.add(wait));
    try {
      const late = sleep(clock, within, wait.signal).then(() => 'late' as const);
      const outcome = await Promise.race([enforced(endpoint, wait.signal).then(() => 'enforced' as const), late]);
      isGone = wait.signal.aborted;
      if (outcome === 'late' && !isGone) log.warn('a pod starts before its policy is known; it is closed until then', { endpoint });
    } catch (error) {
      if (wait.signal.aborted) throw deletedMeanwhile(row);
      await this.#turns.take(attachmentKey(row), () => this.#unmake(row));
      throw new CniRefusal(cniCode.tryAgain, `pod ${podKey(row)}: its policy cannot be enforced: ${(error as Error).message}`);
    } finally {
      wait.abort();
      waits.delete(wait);
      if (waits.size === 0) this.#waiting.delete(endpoint);
    }
    if (isGone) throw deletedMeanwhile(row);
  }

  #check(request: CniRequest): CniAnswer {
    const [row] = this.table.by('attachment', attachmentKey(readName(request)));
    if (row === undefined)
      throw new CniRefusal(cniCode.unknownContainer, `container ${request.containerId}: has no interface ${request.ifname}`);
    const netns = request.netns === '' || request.netns === row.netns ? [] : [`CNI_NETNS: not ${row.netns}: ${request.netns}`];
    const { device, netns: path, ifname, mac, gatewayMac, addresses, mtu } = row;
    const host = this.#options.host.checkPodDevice({ device, netns: path, ifname, mac, gatewayMac, addresses, mtu });
    const differences = [...netns, ...host, ...resultDifferences(row, request.config?.prevResult)];
    if (differences.length === 0) return { code: 0 };
    throw new CniRefusal(ownCode.differs, `pod ${row.namespace}/${row.pod}: ${differences.join('; ')}`);
  }

  async #status(): Promise<CniAnswer> {
    const pools = this.#pool.states();
    const unwritable = await this.#store.failure();
    const limits = this.#options.limits?.();
    const full = pools.find(({ prefix }) => {
      const family = pools.filter((pool) => pool.prefix.includes(':') === prefix.includes(':'));
      return family.every(({ size, used }) => used >= size);
    });
    if (limits !== undefined) throw new CniRefusal(cniCode.limitedConnectivity, limits);
    if (pools.length === 0) throw new CniRefusal(cniCode.notAvailable, 'pod addresses: the pod prefixes of this node are not known yet');
    if (unwritable !== undefined) throw new CniRefusal(cniCode.notAvailable, `state: cannot be written: ${unwritable}`);
    if (full !== undefined) throw new CniRefusal(cniCode.notAvailable, `pod addresses: none is free in ${full.prefix}`);
    return { code: 0 };
  }

  /** Deletes every interface that the runtime does not list. One that fails does not keep the others. */
  async #collect({ config }: CniRequest): Promise<CniAnswer> {
    const listed = config?.['cni.dev/valid-attachments'] as unknown;
    if (!Array.isArray(listed)) throw new CniRefusal(cniCode.badConfig, 'cni.dev/valid-attachments: not a list');
    const valid = new Set(
      listed.map((attachment: { containerID?: unknown; ifname?: unknown } | null) =>
        attachmentKey({ containerId: String(attachment?.containerID), ifname: String(attachment?.ifname) }),
      ),
    );
    const errors: unknown[] = [];
    for (const row of [...this.table.rows()]) {
      const key = attachmentKey(row);
      if (valid.has(key) || this.#making.has(key)) continue;
      await this.#turns.take(key, () => this.#unmake(row)).catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
    return { code: 0 };
  }
}

function deletedMeanwhile(row: PodInterface): CniRefusal {
  return new CniRefusal(cniCode.tryAgain, `pod ${podKey(row)}: its interface was deleted while it was made`);
}
