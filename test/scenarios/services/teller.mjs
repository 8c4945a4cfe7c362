// Teller: a backend that says who it is, on every port that it is given, TCP and UDP, both families. What comes, a line or a datagram, is
// answered with `NAME PORT PEER WHAT`. Arguments: name, ports as `8000-8099`. Told to end it serves on, and adds ` bye` to its answers: who
// reads that connects anew.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [name, ...ranges] = process.argv.slice(2);
const ports = ranges.flatMap((range) => {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
});
const unmapped = (address) => address.replace(/^::ffff:/, '');
let end = '';
process.on('SIGTERM', () => {
  end = ' bye';
});

function serve(port) {
  createServer((socket) => {
    const peer = unmapped(socket.remoteAddress ?? '');
    let rest = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) socket.write(`${name} ${port} ${peer} ${line}${end}\n`);
    });
  }).listen({ port, host: '::', backlog: 1024 });
  const datagrams = createSocket({ type: 'udp6', recvBufferSize: 1 << 20 });
  datagrams.on('message', (message, { address, port: from }) => {
    datagrams.send(`${name} ${port} ${unmapped(address)} ${message.toString().trim()}${end}\n`, from, address);
  });
  datagrams.on('error', () => {});
  datagrams.bind(port, '::');
}

for (const port of ports) serve(port);
