// Relay: the way out of a sandbox without root: a program that stays outside and does there, with sockets of the user, what comes to a device
// inside. It ends when nobody holds the other end of what it is given.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

const relayProgram = 'slirp4netns';
/** Inside: whoever finds it has a way out. */
export const relayDevice = 'axoneme_out';
/** Where a process is told its descriptor of what a relay waits for. */
export const relayLine = 'AXONEME_RELAY_LINE';
/** Of the device, of which nobody else hears. */
const prefix = '100.127.255.0/24';
/** Of the device and of the relay itself, as slirp4netns(1) has them for IPv6; it leaves them to who finds the device. */
export const relayAddresses = { device: 'fd00::100/64', relay: 'fd00::2' };
const readyMs = 5_000;

/** What is told of the world outside before anything is there. */
export function relaySentence(): string {
  return hasRelay() ? `${relayProgram} leads to the world outside` : `the only world is the one inside, for want of ${relayProgram}`;
}

export function hasRelay(): boolean {
  return spawnSync(relayProgram, ['--version']).status === 0;
}

/** Into the namespaces of that process. False when it does not start: nothing else depends on it. */
export async function startRelay(pid: number, whileHeld: Duplex): Promise<boolean> {
  // Programs inside are not to get at what listens on the loopback of the outside.
  const words = [
    '--configure',
    '--enable-ipv6',
    '--mtu=1500',
    `--cidr=${prefix}`,
    '--disable-host-loopback',
    '--ready-fd=3',
    '--exit-fd=4',
  ];
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe', whileHeld] as const;
  const relay = spawn(relayProgram, [...words, `${pid}`, relayDevice], { stdio: [...stdio], detached: true });
  const ready = relay.stdio[3] as Readable;
  const ended = once(relay, 'exit').then(
    () => false,
    () => false,
  );
  const isReady = await Promise.race([once(ready, 'data').then(() => true), ended, wait(readyMs, false, { ref: false })]);
  if (!isReady) relay.kill('SIGKILL');
  ready.destroy();
  relay.unref();
  return isReady;
}

/** Whether this process's network has one. */
export const isRelayed = (): boolean => existsSync(`/proc/sys/net/ipv4/conf/${relayDevice}`);
