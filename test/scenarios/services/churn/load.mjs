// Load on services: connections that are kept, and ones that are made anew all the time, TCP and UDP. Whoever answers says who it is and at
// which port, so that an answer of another service is seen as such. Argument, as JSON: {targets: [{service, protocol, address, port,
// backendPort}], kept, fresh, pauseMs, lostMs}. On its input lines of JSON {id, do}: `tell` says what became of the requests; `hold` with
// `services` begins nothing new there, and is answered when nothing of theirs is about to begin; `release` ends that. At the end of its input
// it ends.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const { targets, kept, fresh, pauseMs, lostMs } = JSON.parse(process.argv[2]);
const tally = { asked: 0, answered: 0, made: 0, kept: 0, slowestMs: 0, failed: [], misdelivered: [], moved: [] };
const held = new Set();
/** By service, requests that begin. */
const beginning = new Map();
const isEnding = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const note = (list, text) => list.length < 30 && list.push(text);

/** One connection, or one socket of datagrams: `ask` resolves with the line that came for a question, or throws a sentence. */
function openTcp({ address, port }) {
  const socket = connect({ host: address, port, noDelay: true });
  const line = { waiting: undefined, rest: '' };
  const broken = (how) => line.waiting?.reject(new Error(how));
  socket.on('error', ({ code }) => broken(code));
  socket.on('close', () => broken('closed'));
  socket.on('data', (data) => {
    line.rest += data;
    const end = line.rest.indexOf('\n');
    if (end < 0) return;
    line.waiting?.resolve(line.rest.slice(0, end));
    line.rest = line.rest.slice(end + 1);
  });
  return {
    ask: (text) => answered(line, text, () => socket.write(`${text}\n`)),
    close: () => socket.destroy(),
  };
}

function openUdp({ address, port }) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const line = { waiting: undefined };
  const connected = new Promise((resolve) => socket.connect(port, address, resolve));
  socket.on('error', ({ code }) => line.waiting?.reject(new Error(code)));
  socket.on('message', (data) => {
    const text = String(data).trim();
    // One that came too late for its own question.
    if (text.split(' ')[3] === line.text) line.waiting?.resolve(text);
  });
  return {
    async ask(text) {
      await connected;
      return answered(line, text, () => socket.send(text));
    },
    close: () => socket.close(),
  };
}

async function answered(line, text, send) {
  line.waiting = Promise.withResolvers();
  line.text = text;
  const timer = setTimeout(() => setImmediate(() => line.waiting.reject(new Error('no answer'))), lostMs);
  send();
  try {
    return await line.waiting.promise;
  } finally {
    clearTimeout(timer);
  }
}

function begin(service, by) {
  beginning.set(service, (beginning.get(service) ?? 0) + by);
}

async function worker(index, isKept) {
  const target = targets[index % targets.length];
  const { service, protocol, backendPort } = target;
  const who = `${service} ${protocol} ${target.address} ${isKept ? 'kept' : 'new'}`;
  let way;
  let teller;
  await pause(Math.random() * pauseMs);
  for (let round = 0; !isEnding; round += 1) {
    const isFirst = way === undefined;
    if (isFirst) {
      while (held.has(service) && !isEnding) await pause(20);
      begin(service, 1);
      way = protocol === 'tcp' ? openTcp(target) : openUdp(target);
      teller = undefined;
    }
    const begun = performance.now();
    const token = `${index}.${round}`;
    tally.asked += 1;
    let isOver = !isKept;
    try {
      const [name, port, , said, bye] = (await way.ask(token)).split(' ');
      tally.answered += 1;
      if (isFirst) tally.made += 1;
      if (isFirst && isKept) tally.kept += 1;
      if (Number(port) !== backendPort || said !== token) note(tally.misdelivered, `${who}: ${name} answered at port ${port}: ${said}`);
      if (teller !== undefined && teller !== name) note(tally.moved, { who, service, protocol, from: teller, to: name });
      teller = name;
      isOver ||= bye === 'bye';
      if (isOver && isKept) tally.kept -= 1;
    } catch ({ message }) {
      note(tally.failed, `${who}: ${isFirst ? 'at first' : `of ${teller}`}: ${message}`);
      if (!isFirst && isKept) tally.kept -= 1;
      isOver = true;
    }
    tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - begun));
    if (isFirst) begin(service, -1);
    if (isOver) {
      way.close();
      way = undefined;
    }
    await pause(pauseMs * (0.5 + Math.random()));
  }
  way?.close();
}

const say = (id, rest = {}) => process.stdout.write(`${JSON.stringify({ id, ...rest })}\n`);

createInterface(process.stdin)
  .on('line', async (text) => {
    const { id, do: what, services = [] } = JSON.parse(text);
    if (what === 'tell') {
      say(id, { tally });
      tally.slowestMs = 0;
      tally.moved = [];
    } else if (what === 'hold') {
      for (const service of services) held.add(service);
      while (services.some((service) => beginning.get(service) > 0)) await pause(10);
      say(id);
    } else {
      for (const service of services) held.delete(service);
      say(id);
    }
  })
  .on('close', () => process.exit());
for (let index = 0; index < kept; index += 1) void worker(index, true);
for (let index = 0; index < fresh; index += 1) void worker(index, false);
