// The authority's certificates, as Node's TLS and the openssl command read them.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Authority } from '../../../orchestrator/sandbox/control-plane/authority.ts';
import { noOpenssl } from '../../support/certificates.ts';

const ask = (ca: string, port: number, hostname: string): Promise<number | string> =>
  new Promise((resolve) => {
    const lookup = (_: string, __: unknown, done: (error: null, address: { address: string; family: number }[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }]);
    const sending = request({ hostname, port, ca, agent: false, lookup: lookup as never }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sending.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sending.end();
  });

t.test('a certificate of it is trusted for its names and addresses, and for no others', async (t) => {
  const authority = new Authority('one');
  const { certificate: cert, key } = authority.issue('api', ['api.example', '127.0.0.1', 'fd31::2']);
  const server = createServer({ cert, key }, (_, response) => response.end('well'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  t.equal(await ask(authority.certificate, port, '127.0.0.1'), 200);
  t.equal(await ask(authority.certificate, port, 'api.example'), 200);
  t.equal(await ask(authority.certificate, port, 'other.example'), 'ERR_TLS_CERT_ALTNAME_INVALID');
  t.not(await ask(new Authority('one').certificate, port, '127.0.0.1'), 200, 'another authority of the same name vouches for nothing');
});

t.test('it says who it is for, for how long, and what it may be used for', async (t) => {
  const now = Date.UTC(2030, 5, 1, 12);
  const authority = new Authority('two', now);
  const found = new X509Certificate(authority.issue('etcd', ['localhost', '192.0.2.1', '2001:db8::1']).certificate);
  t.equal(found.subject, 'CN=etcd');
  t.equal(found.issuer, 'CN=two');
  t.equal(found.subjectAltName, 'DNS:localhost, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1');
  t.same(found.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  t.equal(new Date(found.validFrom).getTime(), now - 300_000);
  t.equal(new Date(found.validTo).getTime(), now + 365 * 86_400_000);
  t.notOk(found.ca);
  const issuer = new X509Certificate(authority.certificate);
  t.ok(issuer.ca);
  t.ok(found.checkIssued(issuer) && found.verify(issuer.publicKey));
  const numbers = new Set(Array.from({ length: 300 }, () => new X509Certificate(authority.issue('x').certificate).serialNumber));
  t.equal(numbers.size, 300, 'serial numbers differ');
  t.ok(
    [...numbers].every((number) => /^[4-7][0-9A-F]{31}$/.test(number)),
    'they are positive, and of one length',
  );
});

t.test('strict readers accept it', { skip: noOpenssl }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-authority-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const authority = new Authority('three');
  writeFileSync(join(folder, 'ca'), authority.certificate);
  for (const hosts of [[], ['a', '10.0.0.1']]) {
    writeFileSync(join(folder, 'leaf'), authority.issue('leaf', hosts).certificate);
    const { status, stderr } = spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', join(folder, 'ca'), join(folder, 'leaf')]);
    t.equal(status, 0, `${stderr}`);
  }
});
