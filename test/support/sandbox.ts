// Why there can be no sandbox here, as a sentence; false when there can.

import { spawnSync } from 'node:child_process';
import { probe } from '../../orchestrator/datapath/probe.ts';
import { noEtcd } from './etcd.ts';

const programs = ['ip', 'unshare', 'nsenter', 'dnsmasq', 'curl', 'ping'];

async function why(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'a sandbox takes root';
  if (noEtcd) return noEtcd;
  const absent = programs.filter((name) => spawnSync(name, ['-V']).error !== undefined);
  if (absent.length > 0) return `a sandbox takes ${absent.join(', ')}, not installed here`;
  const { choice } = await probe();
  return choice.mode === 'kernel' ? false : choice.sentence;
}

export const noSandbox = await why();
