// Port files: one for each port that is to be there, so that it outlives the process that opened it.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../../errors.ts';
import { portLimit, type UserPort } from '../port.ts';

const kinds: readonly string[] = ['pod', 'overlay', 'network', 'host', 'proxy'] satisfies UserPort['kind'][];

export class PortFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** By number. A file that says no port goes. */
  read(): UserPort[] {
    const ports: UserPort[] = [];
    for (const name of readdirSync(this.folder)) {
      if (!/^\d+\.json$/.test(name)) continue;
      try {
        ports.push(checkPort(JSON.parse(readFileSync(join(this.folder, name), 'utf8'))));
      } catch {
        rmSync(join(this.folder, name), { force: true });
      }
    }
    return ports.sort((left, right) => left.number - right.number);
  }

  /** Whole or not at all. */
  write(port: UserPort): void {
    const path = join(this.folder, `${port.number}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(port), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  remove(number: number): void {
    rmSync(join(this.folder, `${number}.json`), { force: true });
  }
}

/** What somebody says is a port. Throws DATAPATH_REFUSED when it is none. */
export function checkPort(value: unknown): UserPort {
  const said = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { number, kind, device, netns, mtu, tunnelPort } = said;
  const refuse = (what: string): never => {
    throw new AgentError('DATAPATH_REFUSED', `port: ${what}`);
  };
  if (!isWhole(number, 1, portLimit - 1)) return refuse(`not a number from 1 to ${portLimit - 1}: ${JSON.stringify(number)}`);
  if (typeof kind !== 'string' || !kinds.includes(kind)) return refuse(`${number}: no such kind: ${JSON.stringify(kind)}`);
  if (kind === 'pod' && typeof device === 'string' && typeof netns !== 'string') return refuse(`${number}: its namespace is not named`);
  if (tunnelPort !== undefined && !isWhole(tunnelPort, 1, 65535)) return refuse(`${number}: not a UDP port: ${JSON.stringify(tunnelPort)}`);
  if (mtu !== undefined && !isWhole(mtu, 68, 65535)) return refuse(`${number}: not an MTU: ${JSON.stringify(mtu)}`);
  return {
    number,
    kind: kind as UserPort['kind'],
    ...(typeof device === 'string' ? { device } : {}),
    ...(typeof netns === 'string' ? { netns } : {}),
    ...(mtu === undefined ? {} : { mtu }),
    ...(tunnelPort === undefined ? {} : { tunnelPort }),
  };
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
