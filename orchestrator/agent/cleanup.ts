// The command `cleanup`: a node as it was before its first agent. Pods lose their network.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeConflist, removePlugin } from '../cni/install.ts';
import { configHelp, readConfig } from '../config.ts';

export async function cleanupCommand(args: readonly string[], { write }: { write: (text: string) => void }): Promise<number> {
  if (args.includes('--help')) {
    write(
      `axoneme cleanup [FLAGS]: pods lose their network. Flags are those that the agent was started with:\n\n${configHelp().replace(/^.*\n\n/, '')}`,
    );
    return 0;
  }
  const { config } = readConfig(args);
  const { bpffs, cniConfDir, cniBinDir, stateDir, runDir } = config;
  const told: string[] = [];
  // First what tells the runtime that there is a network.
  if (cniConfDir !== '' && removeConflist(cniConfDir)) told.push('the configuration of the network');
  if (cniBinDir !== '') told.push(...removePlugin(cniBinDir));
  const { openHost } = await import('../host/host.ts');
  using host = await openHost();
  told.push(...host.cleanup());
  if (existsSync(bpffs)) {
    const { openKernelDatapath } = await import('../datapath/kernel/kernel-datapath.ts');
    const datapath = await openKernelDatapath({ bpffsFolder: bpffs, keepsPrograms: true });
    await datapath.remove();
    told.push(`maps, programs and hooks below ${bpffs}`);
  }
  for (const path of [join(stateDir, 'endpoints'), join(stateDir, 'delete-queue'), join(stateDir, 'identities.json')]) {
    if (existsSync(path)) told.push(path);
    rmSync(path, { recursive: true, force: true });
  }
  for (const name of ['axoneme.sock', 'axoneme-read.sock']) rmSync(join(runDir, name), { force: true });
  for (const what of told) write(`removed ${what}\n`);
  if (told.length === 0) write('there was nothing to remove\n');
  return 0;
}
