// Load: connections that are kept and connections that are made anew, all the time, from inside a pod; every byte sent must come back.
// Arguments: {targets: [[address, port]], kept, fresh, pauseMs} as JSON. On a line "tell" of its input, and at the end of it, it says what
// became of them: {asked, answered, made, kept, refused, resets, lost, slowestMs}; of `kept` ones, how many are there. An answer is lost
// when none came within `lostMs`.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const { targets, kept, fresh, pauseMs = 200, lostMs = 15_000 } = JSON.parse(process.argv[2]);
const tally = { asked: 0, answered: 0, made: 0, kept: 0, refused: 0, resets: 0, lost: 0, slowestMs: 0, errors: {} };
let isEnding = false;
let running = 0;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function fail(kind, error) {
  tally[kind] += 1;
  tally.errors[error] = (tally.errors[error] ?? 0) + 1;
}

/** Resolves with the socket when it is connected, with nothing when it could not be. */
function open([host, port]) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.setTimeout(lostMs, () => {
      fail('lost', `${host}: connect`);
      socket.destroy();
      resolve(undefined);
    });
    socket.once('connect', () => {
      tally.made += 1;
      resolve(socket);
    });
    socket.once('error', ({ code }) => {
      fail(code === 'ECONNREFUSED' ? 'refused' : 'resets', `${host}: connect: ${code}`);
      resolve(undefined);
    });
  });
}

/** Whether it came back. */
function ask(socket, [host], text) {
  return new Promise((resolve) => {
    let got = '';
    const end = (isWell) => {
      socket.removeAllListeners();
      socket.on('error', () => {});
      resolve(isWell);
    };
    socket.setTimeout(lostMs, () => {
      fail('lost', `${host}: answer`);
      end(false);
    });
    socket.on('data', (data) => {
      got += data;
      if (got.length >= text.length) end(got === text);
    });
    const broken = (how) => {
      fail('resets', `${host}: ${how}`);
      end(false);
    };
    socket.on('error', ({ code }) => broken(code));
    socket.on('end', () => broken('end'));
    socket.write(text);
  });
}

async function worker(index, isKept) {
  const target = targets[index % targets.length];
  running += 1;
  let socket;
  await pause(Math.random() * pauseMs);
  for (let round = 0; !isEnding; round += 1) {
    const begun = performance.now();
    tally.asked += 1;
    if (socket === undefined) {
      socket = await open(target);
      if (socket !== undefined && isKept) tally.kept += 1;
    }
    const isWell = socket !== undefined && (await ask(socket, target, `${index}.${round}\n`));
    if (isWell) tally.answered += 1;
    tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - begun));
    if (!isKept || !isWell) {
      if (socket !== undefined && isKept) tally.kept -= 1;
      socket?.destroy();
      socket = undefined;
    }
    await pause(pauseMs * (0.5 + Math.random()));
  }
  socket?.destroy();
  running -= 1;
}

const tell = () => process.stdout.write(`${JSON.stringify(tally)}\n`);
createInterface(process.stdin)
  .on('line', tell)
  .on('close', async () => {
    isEnding = true;
    while (running > 0) await pause(20);
    tell();
    process.exit();
  });
for (let index = 0; index < kept; index += 1) void worker(index, true);
for (let index = 0; index < fresh; index += 1) void worker(kept + index, false);
