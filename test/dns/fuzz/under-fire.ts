// Under fire: the engine with what it keeps its books in, a map of the datapath, and whoever means it harm on both sides. After every message it is
// held against a plain reading of it. Time is the test's own.

import assert from 'node:assert/strict';
import { conntrackSpec, grantsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openWasmDatapath, type WasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { AccessLog } from '../../../orchestrator/dns/engine/access-log.ts';
import { addressKey } from '../../../orchestrator/dns/engine/address-key.ts';
import { Counters } from '../../../orchestrator/dns/engine/counters.ts';
import { Engine } from '../../../orchestrator/dns/engine/engine.ts';
import { Learning } from '../../../orchestrator/dns/engine/learning.ts';
import { Pods } from '../../../orchestrator/dns/engine/pods.ts';
import { sweepGrants } from '../../../orchestrator/dns/engine/sweep.ts';
import { readRecords } from '../../../orchestrator/dns/log/log-record.ts';
import { longestOwnAnswer } from '../../../orchestrator/dns/message/own-answer.ts';
import type { NameSelector } from '../../../orchestrator/model/policy/rule.ts';
import { sequence } from '../../bench/sequence.ts';
import { smallSizes } from '../../support/small-sizes.ts';
import { longest, type Next, pick, spoil, writeAnswer, writeQuery } from './hostile.ts';
import { plainAddresses, plainQuestion } from './plain-reading.ts';

/** Where messages stand, between bytes that nobody may write. */
const start = 1024;
const room = start + longest + 1024;
const guard = 0xa5;
/** Messages until mostly servers speak where mostly pods did. */
const phase = 12_000;
const mostOfPod = 1000;
const [lane, port, identity] = [1, 53, 0x1000001];
const server = addressKey('198.51.100.53');
const elsewhere = addressKey('198.51.100.54');
const podKeys = ['10.0.0.1', '10.0.0.2', 'fd00::3', '10.9.9.9'].map(addressKey);
const selector = (kind: NameSelector['kind'], value: string): NameSelector => ({ kind, value, text: `${kind}:${value}` });
const names = [selector('pattern', '*.allowed.test'), selector('name', 'exact.test')];

interface Open {
  readonly slot: number;
  readonly pod: number;
  readonly query: Buffer;
  readonly question: number;
  readonly sentId: number;
}

export class UnderFire {
  messages = 0;
  released = 0;
  /** Addresses that were found in the map. */
  granted = 0;
  records = 0;
  readonly counters = new Counters();
  private readonly next: Next;
  private readonly datapath: WasmDatapath;
  private readonly engine: Engine;
  private readonly learning: Learning;
  private readonly log = new AccessLog(1 << 20);
  private readonly reader = this.log.ring.reader('newest');
  private readonly open = new Map<number, Open>();
  private readonly bytes = Buffer.alloc(room, guard);
  private readonly key = Buffer.alloc(24);
  private now = 1000;
  /** Open ones by pod. */
  private readonly waiting = [0, 0, 0];

  private constructor(seed: number, datapath: WasmDatapath) {
    this.next = sequence(seed);
    this.datapath = datapath;
    const map = datapath.map(grantsSpec);
    const grants = {
      apply({ removed, removedKeys, written, keys, values }: Parameters<Learning['options']['grants']['apply']>[0]) {
        if (removed > 0) map.removeBytes(removedKeys, removed);
        return written === 0 ? 0 : map.writeBytes(keys, values, written);
      },
      read: (key: Uint8Array) => map.lookUpBytes(key),
      entries: () => map.lots(),
    };
    this.learning = new Learning({ grants, counters: this.counters, tick: () => this.tick });
    const pods = new Pods();
    this.engine = new Engine({
      lanes: 2,
      pods,
      identities: { find: () => 2 },
      learning: this.learning,
      log: this.log,
      counters: this.counters,
    });
  }

  static async start(seed: number): Promise<UnderFire> {
    const fire = new UnderFire(seed, await openWasmDatapath({ sizes: { ...smallSizes, grants: 40_000 } }));
    const endpoint = (id: number, address: string) => ({
      id,
      namespace: 'shop',
      pod: `pod-${id}`,
      identity: 900,
      labels: [],
      addresses: [address],
      set: 1,
    });
    await fire.engine.setRules({
      ...{ format: 1, generation: 1, reject: 'refused' },
      endpoints: [endpoint(1, '10.0.0.1'), endpoint(2, '10.0.0.2'), endpoint(3, 'fd00::3')],
      sets: [
        {
          set: 1,
          allowed: [{ identity: 0, protocol: 17, port, portBits: 16, names, rule: 'cnp/shop/dns spec.egress[0]' }],
          granted: names.map((name, index) => ({ name, identity: identity + index, minTtl: 0, grace: 0, each: false })),
        },
      ],
    });
    return fire;
  }

  /** That many messages more, of pods and of servers. */
  run(count: number): void {
    for (const end = this.messages + count; this.messages < end; this.messages += 1) {
      this.now += pick(this.next, 16) === 0 ? 1 : 0;
      const answers = Math.floor(this.messages / phase) % 2 === 0 ? 1 : 12;
      if (this.open.size === 0 || pick(this.next, 16) >= answers) this.ask();
      else this.answer();
      if (pick(this.next, 64) === 0) this.look();
    }
    this.look();
  }

  /** Nobody has a connection: what has expired goes. */
  async sweep(): Promise<void> {
    const { size } = conntrackSpec.key;
    const flows = this.datapath.map(conntrackSpec);
    const list = {
      async *keys() {
        for await (const { count, keys } of flows.lots()) yield { count, size, keys };
      },
    };
    await sweepGrants(this.learning, this.engine.pods, list, () => this.tick);
    assert.equal(this.learning.counts().addresses, await this.datapath.map(grantsSpec).count());
  }

  /** All that is open ends: there is nothing left. */
  async end(): Promise<void> {
    this.now += 10_000;
    this.expire();
    assert.equal(this.open.size, 0);
    assert.equal(this.engine.size, 0);
    for (const pod of this.engine.pods.all()) assert.equal(pod.outstanding, 0);
    await this.datapath.close();
  }

  private get tick(): number {
    return Math.floor((this.now * 1e6) / 2 ** 24);
  }

  private ask(): void {
    const { bytes, engine, next } = this;
    const length = this.spoilt(writeQuery(bytes, start, next));
    const query = Buffer.from(bytes.subarray(start, start + length));
    const pod = pick(next, podKeys.length);
    const isUdp = pick(next, 30) > 0;
    Object.assign(engine.asked, {
      protocol: isUdp ? 17 : 6,
      pod: podKeys[pod],
      podPort: 4000,
      server,
      serverPort: port,
      bytes,
      start,
      length,
    });
    const slot = engine.ask(lane, undefined, this.now);
    const question = plainQuestion(query);
    const isAllowed = pod < 3 && isUdp && question !== undefined && allows(question.labels);
    assert.equal(slot >= 0, isAllowed && this.waiting[pod] !== mostOfPod, `decided otherwise: ${query.toString('hex')}`);
    if (slot >= 0) {
      assert.ok(!this.open.has(slot));
      this.open.set(slot, { slot, pod, query, question: (question?.end ?? 0) - 12, sentId: bytes.readUInt16BE(start) });
      this.waiting[pod] = (this.waiting[pod] as number) + 1;
      assert.ok(bytes.subarray(start + 2, start + length).equals(query.subarray(2)), 'forwarded otherwise than asked');
      this.wipe(length);
    } else if (engine.ownLength > 0) {
      assert.ok(length >= 12 && pod < 3 && engine.ownLength <= longestOwnAnswer);
      this.checkOwn(bytes.subarray(start, start + engine.ownLength), query);
      this.wipe(Math.max(length, engine.ownLength));
    } else this.wipe(length);
  }

  private answer(): void {
    const { bytes, engine, next } = this;
    const { slot, pod, query, question, sentId } = this.anyOpen();
    const isGuess = pick(next, 20) === 0;
    const length = this.spoilt(writeAnswer(bytes, start, query, question, isGuess ? next() & 0xffff : sentId, next));
    const before = Buffer.from(bytes.subarray(start, start + length));
    const from = pick(next, 25) === 0 ? elsewhere : server;
    const found = engine.answer(lane, { from, port: pick(next, 25) === 0 ? 54 : port, bytes, start, length, now: this.now });
    if (found < 0) assert.ok(bytes.subarray(start, start + length).equals(before), 'a stray one was changed');
    else {
      const meant = this.close(found);
      assert.equal(from, server);
      assert.equal(before.readUInt16BE(0), meant.sentId);
      if (found === slot) assert.equal(meant.pod, pod);
      if (engine.isReleased) this.checkReleased(meant, before, length);
      else this.checkFailure(meant);
    }
    this.wipe(length);
  }

  /** One of those that are open: slots are taken from the first ones on. */
  private anyOpen(): Open {
    for (let tries = 0; tries < 16; tries += 1) {
      const found = this.open.get(pick(this.next, this.open.size * 2));
      if (found !== undefined) return found;
    }
    return this.open.values().next().value as Open;
  }

  private close(slot: number): Open {
    const open = this.open.get(slot) as Open;
    assert.ok(open !== undefined, 'about a query that nobody has asked');
    this.open.delete(slot);
    this.waiting[open.pod] = (this.waiting[open.pod] as number) - 1;
    return open;
  }

  /** Up to two changes; what is there of the message behind its end goes. */
  private spoilt(right: number): number {
    const { bytes, next } = this;
    let [length, most] = [right, right];
    for (let changes = pick(next, 3); changes > 0; changes -= 1) {
      length = spoil(bytes, start, length, next);
      most = Math.max(most, length);
    }
    bytes.fill(guard, start + length, start + most + 2);
    return length;
  }

  /** What a pod is told is what the server said, and it may go where it leads. */
  private checkReleased({ pod, query }: Open, before: Buffer, length: number): void {
    const told = this.bytes.subarray(start, start + length);
    this.released += 1;
    assert.equal(told.readUInt16BE(0), query.readUInt16BE(0));
    assert.ok(told.subarray(2).equals(before.subarray(2)), 'told otherwise than said');
    const [isCut, rcode] = [((before[2] as number) & 2) !== 0, (before[3] as number) & 15];
    if (length === 12 || rcode !== 0 || isCut) return;
    const addresses = plainAddresses(before);
    assert.ok(addresses !== undefined, `told though it is broken: ${before.toString('hex').slice(0, 400)}`);
    for (const address of addresses) assert.ok(this.isGranted(pod + 1, address), 'told before it was granted');
  }

  private checkFailure({ slot, query, question }: Open): void {
    const { failures } = this.engine;
    const at = slot * longestOwnAnswer;
    const failure = failures.subarray(at, at + this.engine.failureLength(slot));
    this.checkOwn(failure, query);
    assert.equal((failure[3] as number) & 15, 2);
    assert.ok(failure.subarray(12, 12 + question).equals(query.subarray(12, 12 + question)));
  }

  /** An answer of ours, to that query. */
  private checkOwn(own: Buffer, query: Buffer): void {
    assert.equal(own.readUInt16BE(0), query.readUInt16BE(0));
    assert.ok(((own[2] as number) & 0x80) !== 0 && own.readUInt16BE(6) === 0 && own.readUInt16BE(8) === 0);
    assert.ok([1, 2, 5].includes((own[3] as number) & 15));
  }

  private isGranted(endpoint: number, address: Buffer): boolean {
    this.granted += 1;
    this.key.fill(0);
    if (address.length === 4) this.key.writeUInt16LE(0xffff, 10);
    address.copy(this.key, 16 - address.length);
    this.key.writeUInt32LE(endpoint, 16);
    const value = this.datapath.map(grantsSpec).lookUpBytes(this.key);
    if (value === undefined) return false;
    const places = new DataView(value.buffer, value.byteOffset, 32);
    return [0, 8, 16, 24].some((at) => {
      const isOurs = [identity, identity + 1].includes(places.getUint32(at, true));
      return isOurs && ((places.getUint32(at + 4, true) - this.tick) | 0) > 0;
    });
  }

  /** Nobody wrote outside of the message, which goes now. */
  private wipe(length: number): void {
    const { bytes } = this;
    for (const at of [start - 1, start + length, start + length + 64]) assert.equal(bytes[at], guard, `written at ${at}`);
    bytes.fill(guard, start, start + length);
  }

  /** Now and then: deadlines, the log as its readers see it, what the books hold. */
  private look(): void {
    if (pick(this.next, 64) === 0) this.now += 3000;
    this.expire();
    for (let bytes = this.reader.read(); bytes.length > 0; bytes = this.reader.read()) {
      for (const { name, endpoint } of readRecords(bytes)) {
        assert.ok(name.endsWith('.') && endpoint >= 1 && endpoint <= 3);
        this.records += 1;
      }
    }
    assert.equal(this.records + this.reader.lost, this.log.ring.written);
    assert.equal(this.engine.size, this.open.size);
  }

  private expire(): void {
    for (let slot = this.engine.expire(this.now); slot >= 0; slot = this.engine.expire(this.now)) {
      this.checkFailure(this.close(slot));
    }
  }
}

function allows(labels: readonly string[]): boolean {
  if (labels.length === 2) return labels[0] === 'exact' && labels[1] === 'test';
  return labels.length === 3 && labels[1] === 'allowed' && labels[2] === 'test' && /^[-a-z0-9_]+$/.test(labels[0] as string);
}
