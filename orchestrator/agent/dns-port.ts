// DNS port: where pods' questions are led to on this node, UDP and TCP. Chosen once and kept in the state folder, since entries of the datapath
// name it while agents and proxies come and go.

import { createSocket } from 'node:dgram';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';

/** In the state folder: the port as decimal digits. */
export const dnsPortFile = 'dns-proxy-port';
/** Below the ports that connections of this host leave from. */
const [first, count] = [10_000, 20_000];
const mostTries = 100;

/** `wanted`: 0 for any. Throws STATE_UNWRITABLE, and DNS_PROXY_UNREACHABLE where no port is free. */
export async function dnsPort(stateDir: string, wanted: number, random: () => number = Math.random): Promise<number> {
  if (wanted !== 0) return wanted;
  const path = join(stateDir, dnsPortFile);
  const remembered = read(path);
  if (remembered !== undefined) return remembered;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = first + Math.floor(random() * count);
    if (!(await isFree(port))) continue;
    write(path, port);
    return port;
  }
  throw new AgentError('DNS_PROXY_UNREACHABLE', `DNS proxy: no port from ${first} to ${first + count - 1} is free`);
}

function read(path: string): number | undefined {
  try {
    const port = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(port) && port > 0 && port <= 0xffff ? port : undefined;
  } catch {
    return undefined;
  }
}

function write(path: string, port: number): void {
  try {
    writeFileSync(`${path}.new`, `${port}\n`);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new AgentError('STATE_UNWRITABLE', `DNS proxy: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function isFree(port: number): Promise<boolean> {
  return (await isFreeTcp(port)) && (await isFreeUdp(port));
}

/** Without an address: of both families, where there are both. */
function isFreeTcp(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

async function isFreeUdp(port: number): Promise<boolean> {
  const bound = (type: 'udp4' | 'udp6'): Promise<boolean> => {
    const socket = createSocket({ type, ...(type === 'udp6' && { ipv6Only: true }) });
    return new Promise((resolve) => {
      // A host without that family has nobody there either.
      socket.once('error', ({ code }: NodeJS.ErrnoException) =>
        socket.close(() => resolve(code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')),
      );
      socket.bind(port, () => socket.close(() => resolve(true)));
    });
  };
  return (await bound('udp4')) && (await bound('udp6'));
}
