// The command `cleanup`: a node as it was before its first agent. Pods lose their network.

import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { readSocketName, writeSocketName } from '../api/sockets.ts';
import { removeConflist, removePlugin } from '../cni/install.ts';
import { type Config, configHelp, readConfig } from '../config.ts';
import { AgentError } from '../errors.ts';
import { dnsPortFile } from './dns-port.ts';
import { leaveModes } from './leave-mode.ts';
import { modeFile } from './mode.ts';

/** All that an agent keeps below its state folder. */
const stateNames = [dnsPortFile, 'endpoints', 'delete-queue', 'identities.json', 'identities.json.new', 'identities.json.broken', modeFile];

/** Throws API_SOCKET_TAKEN while an agent runs: it would put back what is taken away. What is left on purpose is told too. */
export async function cleanupCommand(args: readonly string[], { write }: { write: (text: string) => void }): Promise<number> {
  if (args.includes('--help')) {
    write(`axoneme cleanup [FLAGS]: pods lose their network. Flags are those of the agent:\n\n${configHelp().replace(/^.*\n\n/, '')}`);
    return 0;
  }
  const { config } = readConfig(args);
  const { cniConfDir, cniBinDir } = config;
  await refuseWhileServed(join(config.runDir, writeSocketName));
  const told: string[] = [];
  // First what tells the runtime that there is a network.
  if (cniConfDir !== '') told.push(...removeConflist(cniConfDir));
  if (cniBinDir !== '') told.push(...removePlugin(cniBinDir));
  const { told: gone, foreign, settings } = await leaveModes(['wasm', 'kernel'], config);
  told.push(...gone);
  told.push(...removeState(config));
  for (const what of told) write(`removed ${what}\n`);
  for (const path of foreign) write(`left ${path}: it is not ours\n`);
  if (told.length === 0) write('there was nothing to remove\n');
  else for (const setting of settings) write(`left ${setting}: others may need it by now\n`);
  return 0;
}

/** Folders that are somebody's mount, or have more in them, stay. */
function removeState({ stateDir, runDir }: Config): string[] {
  const paths = stateNames.map((name) => join(stateDir, name)).filter((path) => existsSync(path));
  for (const path of paths) rmSync(path, { recursive: true });
  for (const name of [writeSocketName, readSocketName]) rmSync(join(runDir, name), { force: true });
  for (const folder of [stateDir, runDir]) {
    try {
      rmdirSync(folder);
    } catch {
      // It is not there, or it is not only ours.
    }
  }
  return paths;
}

async function refuseWhileServed(path: string): Promise<void> {
  const isServed = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
  if (isServed) throw new AgentError('API_SOCKET_TAKEN', `cleanup: an agent of this node runs, end it first: ${path}`);
}
