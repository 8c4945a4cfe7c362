// Probes: questions to a container, asked again and again, and what follows when the answers change. Addresses are asked from the
// node's own network, as a kubelet does.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from './container.ts';
import { type ProbeSpec, portNumber } from './pod.ts';

export interface ProbeOptions {
  readonly probe: ProbeSpec;
  readonly container: Container;
  readonly address: string;
  readonly signal: AbortSignal;
  /** What it counts as before the first answer. */
  readonly initially: boolean;
  /** After as many equal answers as are needed to believe a change; `why` of a failure. */
  readonly changed: (isGood: boolean, why: string | undefined) => void;
}

export async function runProbe({ probe, container, address, signal, initially, changed }: ProbeOptions): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1, successThreshold = 1, failureThreshold = 3 } = probe;
  let isGood = initially;
  let streak = 0;
  await rest(initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const why = await ask(probe, container, address, timeoutSeconds * 1000);
    if (signal.aborted) return;
    streak = (why === undefined) === isGood ? 0 : streak + 1;
    if (streak >= (isGood ? failureThreshold : successThreshold)) {
      isGood = !isGood;
      streak = 0;
      changed(isGood, why);
    }
    // What is not ready yet is asked more often: somebody waits for it.
    await rest(isGood ? periodSeconds * 1000 : Math.min(periodSeconds * 1000, 250), signal);
  }
}

/** Undefined when all is well, else what is not. */
async function ask(probe: ProbeSpec, container: Container, address: string, timeoutMs: number): Promise<string | undefined> {
  const { exec, httpGet, tcpSocket } = probe;
  if (exec?.command) return container.check(exec.command, timeoutMs);
  const target = httpGet ?? tcpSocket;
  if (!target) return 'neither exec, httpGet nor tcpSocket: other probes are not served here';
  const port = portNumber(container.spec, target.port as number | string);
  if (port === undefined) return `no port of the name "${target.port}"`;
  const host = target.host || address;
  return httpGet ? askHttp(httpGet, host, port, timeoutMs) : askTcp(host, port, timeoutMs);
}

function askHttp(get: NonNullable<ProbeSpec['httpGet']>, host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    const options = { host, port, path: get.path || '/', headers, agent: false, timeout: timeoutMs, rejectUnauthorized: false } as const;
    const send = get.scheme === 'HTTPS' ? httpsRequest : httpRequest;
    const sent = send(options, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `status ${statusCode}`);
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    sent.on('close', () => clearTimeout(timer));
    sent.on('error', ({ message }) => resolve(message));
    sent.end();
  });
}

function askTcp(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end(`no connection in ${timeoutMs} ms`), timeoutMs);
    socket.on('connect', () => end(undefined));
    socket.on('error', ({ message }) => end(message));
  });
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
