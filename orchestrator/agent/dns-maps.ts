// DNS maps: the maps of this node's datapath as the DNS proxy uses them, in a process of its own: those that are pinned, or those of the
// shared memory. Both are written by calls of this thread, for answers to pods wait for them.

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { currentTick } from '../datapath/clock.ts';
import { MARK_KIND_PROXY_ANSWER } from '../datapath/generated/enums.ts';
import { conntrackSpec, grantsSpec, ipcacheSpec } from '../datapath/generated/maps.ts';
import type { BytesMap } from '../datapath/immediate.ts';
import type { MapSpec } from '../datapath/layout.ts';
import { type AddressKey, writeMapped } from '../dns/engine/address-key.ts';
import type { FlowList, GrantStore, IdentityLookup, NodeMaps } from '../dns/engine/node-maps.ts';
import type { Surroundings } from '../dns/process/child.ts';
import type { ProxyOptions } from '../dns/process/options.ts';
import { version } from '../version.ts';
import { readMode } from './mode.ts';
import { datapathFolder } from './run-folders.ts';

/** Bits of zone and address. */
const wholePrefix = 160;
const world = 2;
/** How long the datapath's process may take to come back. */
const comesBackMs = 30_000;
const lookMs = 500;
/** How long an identity that was looked up is good: a call for every question of a flood to one server would be a tenth of what it costs. */
const freshMs = 5;

/** What the proxy's process is given by the node that it runs on. */
export function dnsSurroundings(): Surroundings {
  return { load, openMaps, tick: currentTick, mark: MARK_KIND_PROXY_ANSWER, version: version() };
}

function load(options: ProxyOptions): Promise<unknown> {
  return modeOf(options) === 'kernel' ? import('../datapath/kernel/pinned-maps.ts') : import('../datapath/wasm/shared-datapath.ts');
}

function openMaps(options: ProxyOptions): Promise<NodeMaps> {
  return modeOf(options) === 'kernel' ? openPinned(options) : openShared(options);
}

function modeOf({ datapath, stateDir }: ProxyOptions): 'kernel' | 'wasm' {
  return datapath === 'auto' ? (readMode(stateDir)?.mode ?? 'kernel') : datapath;
}

async function openPinned({ bpffs }: ProxyOptions): Promise<NodeMaps> {
  const { PinnedMaps } = await import('../datapath/kernel/pinned-maps.ts');
  const pinned = await PinnedMaps.open(bpffs);
  const closing = new AbortController();
  return {
    mode: 'kernel',
    ...abilities((spec) => pinned.map(spec)),
    lost: watch(() => pinned.areCurrent(), closing.signal),
    async [Symbol.asyncDispose]() {
      closing.abort();
      pinned[Symbol.dispose]();
    },
  };
}

async function openShared({ runDir }: ProxyOptions): Promise<NodeMaps> {
  const { openSharedDatapath } = await import('../datapath/wasm/shared-datapath.ts');
  const folder = join(runDir, datapathFolder);
  const shared = await openSharedDatapath({ folder, role: ['proxy', 'proxy-next'], waitMs: comesBackMs });
  return {
    mode: 'wasm',
    ...abilities((spec) => shared.map(spec)),
    lost: shared.whenReplaced.then(() => 'the datapath has another memory'),
    [Symbol.asyncDispose]: () => shared.close(),
  };
}

function abilities(open: <K, V>(spec: MapSpec<K, V>) => BytesMap): Pick<NodeMaps, 'grants' | 'identities' | 'flows'> {
  return { grants: grantStore(open(grantsSpec)), identities: identityLookup(open(ipcacheSpec)), flows: flowList(open(conntrackSpec)) };
}

function grantStore(map: BytesMap): GrantStore {
  return {
    apply({ removed, removedKeys, written, keys, values }) {
      if (removed > 0) map.removeBytes(removedKeys, removed);
      return written === 0 ? 0 : map.writeBytes(keys, values, written);
    },
    read: (key) => map.lookUpBytes(key),
    entries: () => map.lots(),
  };
}

function identityLookup(map: BytesMap): IdentityLookup {
  const key = new Uint8Array(new ArrayBuffer(ipcacheSpec.key.size));
  new DataView(key.buffer).setUint32(0, wholePrefix, true);
  const look = (address: AddressKey): number => {
    writeMapped(address, key, 8);
    const found = map.lookUpBytes(key);
    if (found === undefined) return world;
    return ((found[0] as number) | ((found[1] as number) << 8) | ((found[2] as number) << 16) | ((found[3] as number) << 24)) >>> 0;
  };
  const recent = new Map<AddressKey, number>();
  let since = 0;
  return {
    find(address) {
      const now = performance.now();
      if (now - since > freshMs) {
        recent.clear();
        since = now;
      }
      const known = recent.get(address);
      if (known !== undefined) return known;
      const identity = look(address);
      recent.set(address, identity);
      return identity;
    },
  };
}

function flowList(map: BytesMap): FlowList {
  const { size } = conntrackSpec.key;
  return {
    async *keys() {
      for await (const { count, keys } of map.lots()) yield { count, size, keys };
    },
  };
}

/** Resolves when it is so no longer. */
async function watch(isSo: () => boolean, signal: AbortSignal): Promise<string> {
  for (;;) {
    // Who closes the maps asks no more.
    await wait(lookMs, undefined, { signal }).catch(() => new Promise<never>(() => undefined));
    if (!isSo()) return 'the datapath has other maps';
  }
}
