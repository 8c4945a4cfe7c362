// Holder: keeps a connection to each address given (port 80), says one line of JSON when it is answered and one when it ends by itself.
import { connect } from 'node:net';

for (const address of process.argv.slice(2)) {
  const tell = (what) => process.stdout.write(`${JSON.stringify({ address, ...what })}\n`);
  const socket = connect({ host: address, port: 80 });
  let code = '';
  socket.on('connect', () => socket.write('?'));
  socket.on('data', () => tell({ state: 'answered' }));
  socket.on('error', (error) => {
    code = error.code;
  });
  socket.on('close', () => tell({ state: 'ended', code }));
}
