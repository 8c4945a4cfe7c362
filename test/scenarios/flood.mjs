// Flood: sends `bytes` to an echo and takes them back; {got, same} as JSON. Arguments: protocol, address, port, bytes. A datagram is larger
// than any link takes and is sent as fragments; ICMP errors end it: {error}.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [protocol, address, port, count] = process.argv.slice(2);
const bytes = randomBytes(Number(count));
const digest = (data) => createHash('sha256').update(data).digest('hex');
const tell = (row) => {
  process.stdout.write(`${JSON.stringify(row)}\n`);
  process.exit();
};

if (protocol === 'tcp') {
  const parts = [];
  let got = 0;
  const socket = connect({ host: address, port: Number(port) }, () => socket.end(bytes));
  socket.on('data', (data) => {
    parts.push(data);
    got += data.length;
  });
  socket.on('end', () => tell({ got, same: digest(Buffer.concat(parts)) === digest(bytes) }));
  socket.on('error', ({ code }) => tell({ error: code }));
} else {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (data) => tell({ got: data.length, same: digest(data) === digest(bytes) }));
  socket.on('error', ({ code }) => tell({ error: code }));
  socket.connect(Number(port), address, () => {
    const send = () => socket.send(bytes);
    send();
    // Datagrams may be lost.
    setInterval(send, 1_000);
  });
}
