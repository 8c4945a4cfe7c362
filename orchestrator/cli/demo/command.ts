// axoneme demo: the demo where it can be shown, else the tour, and why.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { probe } from '../../datapath/probe.ts';
import { AgentError } from '../../errors.ts';
import { openSandbox } from '../../sandbox/open.ts';
import { readTopologyFile } from '../../sandbox/topology/read.ts';
import type { Paint } from '../paint.ts';
import { type DemoOptions, demo } from './demo.ts';

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
  const open: DemoOptions['open'] = async (folder, progress) =>
    openSandbox(await readTopologyFile(join(folder, 'topology.yaml')), {
      name: process.env.AXONEME_SANDBOX ?? 'demo',
      folder,
      progress,
      tied: !keep,
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

async function whyNot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'A sandbox with agents in kernel mode takes root';
  const { mode, sentence } = (await probe()).choice;
  if (mode !== 'kernel') return `A sandbox takes kernel mode so far, and here it is ${sentence}`;
  const absent = ['etcd', 'ip', 'unshare', 'nsenter', 'dnsmasq', 'curl'].filter(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  return absent.length === 0 ? undefined : `A sandbox needs ${absent.join(', ')}, which this machine does not have`;
}
