// Echo: TCP and UDP on every port given, both families; what comes goes back. A pod of the scenarios.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

for (const port of process.argv.slice(2).map(Number)) {
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  }).listen(port, '::');
  const datagrams = createSocket('udp6');
  datagrams.on('message', (message, from) => datagrams.send(message, from.port, from.address));
  datagrams.bind(port, '::');
}
