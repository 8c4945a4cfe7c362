// axoneme demo: the demo where it can be shown, else the tour, and why.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { probe } from '../../datapath/probe.ts';
import { AgentError } from '../../errors.ts';
import { openSandbox } from '../../sandbox/open.ts';
import { isInstalled } from '../../sandbox/prerequisites.ts';
import { isOrdinaryUser, rootlessProblem, rootlessSentence, startInOwnNamespaces } from '../../sandbox/rootless.ts';
import { readTopologyFile } from '../../sandbox/topology/read.ts';
import type { Paint } from '../paint.ts';
import { type DemoOptions, demo } from './demo.ts';

/** Until the cluster is up: a busy machine is slow, and nobody is served by giving up early. */
const patienceMs = 180_000;

export interface Terminal {
  readonly write: (text: string) => void;
  readonly paint: Paint;
  readonly colour: boolean;
}

export async function demoCommand(args: readonly string[], { write, paint, colour }: Terminal): Promise<number> {
  const keep = readFlags(args);
  const missing = await whyNot();
  if (missing !== undefined) {
    write(`${missing}: here is the tour of the datapath instead.\n\n`);
    return (await import('../tour.ts')).tour({ write, colour });
  }
  if (isOrdinaryUser()) {
    write(`${rootlessSentence()}\n`);
    return startInOwnNamespaces();
  }
  const open: DemoOptions['open'] = async (folder, progress) =>
    openSandbox(await readTopologyFile(join(folder, 'topology.yaml')), {
      name: process.env.AXONEME_SANDBOX ?? 'demo',
      folder,
      progress,
      tied: !keep,
      timeoutMs: patienceMs,
    });
  return demo({ write, paint, keep, open });
}

function readFlags(args: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...args], options: { keep: { type: 'boolean' } }, strict: true }).values.keep ?? false;
  } catch (error) {
    throw new AgentError('USAGE_INVALID', `demo: ${(error as Error).message}`);
  }
}

/** A sentence that ends with no period; undefined where it can be shown. */
export async function whyNot(): Promise<string | undefined> {
  const absent = ['etcd', 'ip', 'unshare', 'nsenter', 'setpriv', 'dnsmasq', 'curl'].filter((name) => !isInstalled(name));
  if (absent.length > 0) return `A sandbox needs ${absent.join(', ')}, which this machine does not have`;
  if (isOrdinaryUser()) {
    const problem = rootlessProblem();
    return problem && `A sandbox without root is not to be had: ${problem}`;
  }
  const { servesPods, sentence } = (await probe()).choice;
  return servesPods ? undefined : `A sandbox takes pods with a network, and here it is ${sentence}`;
}
