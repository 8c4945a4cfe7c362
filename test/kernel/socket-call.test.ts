// This process's own calls of sockets, in a cgroup: little enough for every kernel that the programs promise to load on.

import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { borrowTestKernel, kernelSkip } from '../support/kernel.ts';
import { networkSkip, shell } from '../support/netns.ts';
import { writeService } from './sockets/services.ts';
import { cgroupMount, serverAddresses, serverPort } from './sockets/world.ts';

t.setTimeout(900_000);

const mount = cgroupMount();
const skip = (await kernelSkip()) || (await networkSkip()) || (mount === undefined && 'there is no unified hierarchy of cgroups here');

/** The path of this process in the unified hierarchy. */
const own = (): string => /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';

function outcome(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('connect', () => resolve(`${socket.remoteAddress}:${socket.remotePort}`));
  });
}

t.test('a call to a service, by this process', { skip }, async (t) => {
  const datapath = await borrowTestKernel();
  const [before, cgroup] = [`${mount}${own()}`, `${mount}/axoneme-test-${process.pid}-call`];
  mkdirSync(cgroup);
  t.equal(datapath.socketRefusal, undefined, 'this kernel takes the programs');
  await datapath.attachSockets(cgroup);
  shell('ip link set lo up');
  writeFileSync(`${cgroup}/cgroup.procs`, `${process.pid}`);
  t.teardown(async () => {
    writeFileSync(`${before}/cgroup.procs`, `${process.pid}`);
    await datapath.detachSockets();
    await datapath.close();
    rmdirSync(cgroup);
  });

  for (const [index, address] of ['10.96.0.10', 'fd00:96::10'].entries()) {
    const backend = serverAddresses.one[index] as string;
    shell(`ip addr add ${backend} dev lo`);
    await writeService(datapath, { number: 1, address, port: 80, backends: ['one'] });
    await writeService(datapath, { number: 2, address, port: 53, protocol: 'udp', backends: ['one'] });
    await writeService(datapath, { number: 3, address, port: 81, backends: [] });
    const server = createServer((socket) => socket.end()).listen(serverPort, backend);
    const echo = createSocket(index === 0 ? 'udp4' : 'udp6').bind(serverPort, backend);
    echo.on('message', (data, { port, address: from }) => echo.send(data, port, from));
    await Promise.all([new Promise((resolve) => server.on('listening', resolve)), new Promise((resolve) => echo.on('listening', resolve))]);

    const socket = connect(80, address);
    t.equal(await outcome(socket), `${address}:80`, 'its peer is the service');
    socket.destroy();
    t.equal(await outcome(connect(81, address)), 'ECONNREFUSED', 'and a service without backends refuses');
    const asking = createSocket(index === 0 ? 'udp4' : 'udp6');
    const answered = new Promise((resolve) => asking.on('message', (data, from) => resolve(`${data} ${from.address} ${from.port}`)));
    asking.send('hello', 53, address);
    t.equal(await answered, `hello ${address} 53`, 'a datagram goes and comes');
    asking.close();
    server.close();
    echo.close();
  }
});
