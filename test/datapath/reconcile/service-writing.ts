// Writing services in few words, and asking who answers.

import type { ServiceBackendRow, ServiceChange, ServiceFrontendRow } from '../../../orchestrator/datapath/reconcile/service-rows.ts';
import { ServiceWriter } from '../../../orchestrator/datapath/reconcile/services.ts';
import { VirtualClock } from '../../../orchestrator/state/virtual-clock.ts';
import { reach, type TestDatapath } from './service-node.ts';
import { type Watch, watched } from './watched.ts';

export function backend(key: string, state: ServiceBackendRow['state'] = 'active'): ServiceBackendRow {
  const [address = '', protocol, port] = key.split(' ');
  return { key, address, protocol: Number(protocol), port: Number(port), state };
}

export function frontend(key: string, backends: readonly string[]): ServiceFrontendRow {
  const [address = '', protocol, port] = key.split(' ');
  const type = port === '0' ? 'closed' : 'ClusterIP';
  return { key, address, protocol: Number(protocol), port: Number(port), type, backends };
}

/** What shall be: frontend → backends. */
export type Services = ReadonlyMap<string, readonly string[]>;

export function change(before: Services, after: Services): ServiceChange {
  const backendsOf = (services: Services) => new Set([...services.values()].flat());
  const [old, now] = [backendsOf(before), backendsOf(after)];
  return {
    frontends: {
      put: [...after].filter(([key, backends]) => `${before.get(key)}` !== `${backends}`).map(([key, backends]) => frontend(key, backends)),
      removed: [...before.keys()].filter((key) => !after.has(key)),
    },
    backends: { put: [...now].filter((key) => !old.has(key)).map((key) => backend(key)), removed: [...old].filter((key) => !now.has(key)) },
  };
}

export async function openWriter(datapath: TestDatapath, watch: Watch = {}, clock = new VirtualClock(), turn = 0): Promise<ServiceWriter> {
  return ServiceWriter.open({ ...watched(datapath, watch), now: () => datapath.now() }, { clock, turn });
}

let lastPort = 20000;
function nextPort(): number {
  lastPort = lastPort === 60000 ? 20001 : lastPort + 1;
  return lastPort;
}

export function connect(datapath: TestDatapath, key: string, sourcePort = nextPort(), isOpen = false): Promise<string> {
  const [address = '', protocol, port] = key.split(' ');
  return reach(datapath, { address, protocol: Number(protocol), port: Number(port), sourcePort, isOpen });
}

export async function whoAnswers(datapath: TestDatapath, key: string, tries = 40): Promise<Set<string>> {
  const found = new Set<string>();
  for (let count = 0; count < tries; count += 1) found.add(await connect(datapath, key));
  return found;
}
