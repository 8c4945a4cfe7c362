// Asker: tries connections from inside a pod, told by lines of JSON on its input: {id, protocol, address, port, timeoutMs}; says
// {id, got: "answer" | "refused" | "nothing", ms} for each. ICMP goes through a datagram socket of ping(8), for Node has none.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const tell = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);

const ask = {
  tcp({ address, port, timeoutMs }) {
    return new Promise((resolve) => {
      const socket = connect({ host: address, port });
      const end = (got) => {
        socket.destroy();
        resolve(got);
      };
      socket.setTimeout(timeoutMs, () => end('nothing'));
      socket.on('connect', () => socket.write('?'));
      socket.on('data', () => end('answer'));
      socket.on('error', ({ code }) => end(code === 'ECONNREFUSED' ? 'refused' : 'nothing'));
    });
  },
  udp({ address, port, timeoutMs }) {
    return new Promise((resolve) => {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      const timer = setTimeout(() => end('nothing'), timeoutMs);
      const end = (got) => {
        clearTimeout(timer);
        socket.close();
        resolve(got);
      };
      socket.on('message', () => end('answer'));
      socket.on('error', ({ code }) => end(code === 'ECONNREFUSED' ? 'refused' : 'nothing'));
      socket.connect(port, address, () => socket.send('?'));
    });
  },
  icmp({ address, timeoutMs }) {
    return new Promise((resolve) => {
      execFile('ping', ['-c', '1', '-W', String(timeoutMs / 1000), address], (error) => resolve(error ? 'nothing' : 'answer'));
    });
  },
};

createInterface(process.stdin).on('line', async (line) => {
  const question = JSON.parse(line);
  const begun = performance.now();
  tell({ id: question.id, got: await ask[question.protocol](question), ms: performance.now() - begun });
});
tell({ id: 'ready' });
