// Many watchers in a process of their own: `node watchers.ts HOST PORT PATH COUNT WORD`. Says how many are answered, then how many have read the
// word, as lines on its output; ends when its input does.
import { connect } from 'node:net';

const [host, port, path, count, word] = process.argv.slice(2);
const wanted = Number(count);
const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
let answered = 0;
let heard = 0;

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(request));
    let last = '';
    let isAnswered = false;
    let hasHeard = false;
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      last = (last + text).slice(-2000);
      if (!isAnswered && last.includes('200 OK')) {
        isAnswered = true;
        answered += 1;
        resolve();
      }
      if (hasHeard || !last.includes(word)) return;
      hasHeard = true;
      last = '';
      heard += 1;
      if (heard === wanted) process.stdout.write(`heard ${heard}\n`);
    });
    socket.on('close', () => reject(new Error(`closed: ${last}`)));
  });
}

/** As many at a time as a server's queue of new connections takes. */
let left = wanted;
async function some(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await open();
  }
}

await Promise.all(Array.from({ length: 200 }, some));
process.stdout.write(`answered ${answered}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
