// DNS of a node: the proxy with its port and its process, as the configuration has it.

import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import type { RoomLog } from '../log.ts';
import type { Clock } from '../state/clock.ts';
import { checkDnsCapabilities } from './capabilities.ts';
import { dnsPort } from './dns-port.ts';
import { removeDnsProcess, startDnsProcess, stopDnsProcess } from './dns-process.ts';
import { DnsProxy } from './dns-proxy.ts';

export interface NodeDns {
  readonly port: number;
  readonly proxy: DnsProxy;
}

export interface NodeDnsOptions {
  readonly config: Config;
  readonly mode: Mode;
  /** Has questions of pods led to a port of this node; may be repeated. Not called before this function has returned. */
  readonly lead: (port: number) => void;
  readonly clock: Clock;
  readonly log: RoomLog;
}

/** Undefined where it is not wanted: then there is no proxy either, of earlier agents. */
export async function openDns({ config, mode, lead, clock, log }: NodeDnsOptions): Promise<NodeDns | undefined> {
  const { runDir, stateDir, dnsReject: reject, dnsProxyPort } = config;
  if (config.dnsProxy === 'off') {
    await removeDnsProcess(runDir);
    return undefined;
  }
  const port = await dnsPort(stateDir, dnsProxyPort);
  const proxy = await DnsProxy.open({
    runDir,
    reject,
    mode,
    port,
    lead: () => lead(port),
    start() {
      checkDnsCapabilities();
      startDnsProcess(config, mode, port);
    },
    stop: () => stopDnsProcess(runDir),
    clock,
    log,
  });
  return { port, proxy };
}
