// Asker: who asks name servers and makes connections inside a pod, told by lines of JSON on its input, {id, act, ...}; says {id, got} for
// each. Acts: ask, twice, pipeline, connect, hold, speak, race, pour, poured, end.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Asked, ask, datagram, pipelined } from './dns-client.ts';
import { connects, greeting, type Pour, Pouring, type Race, race } from './flood.ts';

interface Place {
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

const held = new Map<string, Socket>();
let pouring: Pouring | undefined;

/** Whether what is sent over a connection that is kept comes back. */
function speak({ address, port, timeoutMs }: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = held.get(`${address} ${port}`);
    if (socket === undefined || socket.destroyed) return resolve(false);
    const timer = setTimeout(() => resolve(false), timeoutMs);
    socket.once('data', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.write(greeting);
  });
}

function hold(place: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: place.address, port: place.port });
    held.set(`${place.address} ${place.port}`, socket);
    socket.on('error', () => resolve(false));
    socket.setTimeout(place.timeoutMs, () => resolve(false));
    socket.on('connect', () => {
      socket.setTimeout(0);
      resolve(speak(place));
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: lines of the test that starts it.
const acts: Readonly<Record<string, (words: any) => unknown>> = {
  ask: (asked: Asked) => ask(asked),
  twice: (asked: Asked & { readonly servers: readonly string[] }) => datagram(asked.servers, asked),
  pipeline: (asked: Asked & { readonly names: readonly string[] }) => pipelined(asked, asked.names),
  connect: ({ address, port, timeoutMs }: Place) => connects(address, port, timeoutMs),
  hold,
  speak,
  race: (words: Race) => race(words),
  pour: (words: Pour) => {
    pouring = new Pouring(words);
    return true;
  },
  poured: () => pouring?.tell(),
  end: () => pouring?.end(),
};

createInterface(process.stdin)
  .on('line', async (line) => {
    const { id, act, ...words } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify({ id, got: await acts[act]?.(words) })}\n`);
  })
  .on('close', () => process.exit());
