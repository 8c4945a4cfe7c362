// Services for tests of sockets, written into the maps as they are meant to stand there: a slot a backend, no reconciler.

import type { Datapath } from '../../../orchestrator/datapath/datapath.ts';
import {
  BACKEND_ACTIVE,
  HINT_FRONTEND,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  SCOPE_INTERNAL,
} from '../../../orchestrator/datapath/generated/enums.ts';
import { backendsSpec, epochsSpec, frontendsSpec, maglevSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { type ServerName, serverAddresses, serverPort } from './world.ts';

export interface TestService {
  readonly number: number;
  readonly address: string;
  /** 0 is the rest of the address. */
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
  /** Who answers: a slot each. */
  readonly backends: readonly ServerName[];
  readonly flags?: number;
  readonly affinityTicks?: number;
  readonly scope?: number;
}

const names = Object.keys(serverAddresses) as ServerName[];
const slotsOfService = 16;

/** Number of a server as backend of a protocol, in the address family of a frontend. */
export function backendNumber(name: ServerName, protocol: 'tcp' | 'udp', address: string): number {
  return 1 + names.indexOf(name) * 4 + (protocol === 'udp' ? 2 : 0) + (address.includes(':') ? 1 : 0);
}

export async function writeBackend(
  datapath: Datapath,
  [name, protocol, address]: readonly [ServerName, 'tcp' | 'udp', string],
  state: number = BACKEND_ACTIVE,
  generation = 1,
): Promise<void> {
  const [four, six] = serverAddresses[name];
  const value = {
    ...addressWords(address.includes(':') ? six : four),
    port: swapPort(serverPort),
    protocol: protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP,
    ...{ state, generation, cluster: 0, zone: 0, flags: 0 },
  };
  await datapath.map(backendsSpec).update([[backendNumber(name, protocol, address), value]]);
}

/** The service and its backends, these as active ones. */
export async function writeService(datapath: Datapath, service: TestService): Promise<void> {
  const { number, address, port, protocol = 'tcp', backends, flags = 0, affinityTicks = 0, scope = SCOPE_INTERNAL } = service;
  const offset = (number * 2 + (address.includes(':') ? 1 : 0)) * slotsOfService;
  for (const name of backends) await writeBackend(datapath, [name, protocol, address]);
  const slots = backends.map((name, at) => [offset + at, { backend: backendNumber(name, protocol, address) }] as const);
  await datapath.map(maglevSpec).update(slots);
  const slot = addressSlot(address);
  const epoch = (await datapath.map(epochsSpec).get(slot))?.epoch ?? 0;
  await datapath.map(epochsSpec).update([[slot, { epoch, hints: HINT_FRONTEND }]]);
  const value = { service: number, offset, size: backends.length, flags, affinityTicks };
  await datapath.map(frontendsSpec).update([[keyOf(address, port, protocol, scope), value]]);
}

export async function removeService(
  datapath: Datapath,
  { address, port, protocol = 'tcp', scope = SCOPE_INTERNAL }: TestService,
): Promise<void> {
  await datapath.map(frontendsSpec).delete([keyOf(address, port, protocol, scope)]);
}

function keyOf(address: string, port: number, protocol: 'tcp' | 'udp', scope: number) {
  const number = port === 0 ? 0 : protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP;
  return { ...addressWords(address), port: swapPort(port), protocol: number, scope };
}
