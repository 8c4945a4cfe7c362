// Certificates for tests, made with the openssl command: one authority, and leaves that it vouches for.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdFiles, TestEnd } from './etcd.ts';

export const noOpenssl: string | false = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

export class Authority {
  readonly folder: string;
  readonly ca: string;
  #serial = 1;

  constructor(t: TestEnd, name = 'test authority') {
    this.folder = mkdtempSync(join(tmpdir(), 'axoneme-ca-'));
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
    this.ca = join(this.folder, 'ca.crt');
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-addext', 'basicConstraints=critical,CA:true'];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      ...subject,
      '-keyout',
      this.#caKey,
      '-out',
      this.ca,
    );
  }

  get #caKey(): string {
    return join(this.folder, 'ca.key');
  }

  /** `secondsLeft`: from now; it may be over already. */
  issue(name: string, commonName: string, secondsLeft = 86_400): EtcdFiles {
    const base = join(this.folder, `${name}-${this.#serial++}`);
    const [key, request, certificate, extensions] = ['key', 'csr', 'crt', 'ext'].map((suffix) => `${base}.${suffix}`);
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${commonName}`,
      '-keyout',
      key,
      '-out',
      request,
    );
    writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
    const database = join(this.folder, `${name}-${this.#serial}.db`);
    writeFileSync(database, '');
    writeFileSync(`${database}.cnf`, configuration(database, this.folder));
    const signer = ['-cert', this.ca, '-keyfile', this.#caKey, '-config', `${database}.cnf`, '-extfile', extensions];
    const times = ['-startdate', stamp(-3_600), '-enddate', stamp(secondsLeft)];
    openssl('ca', '-batch', '-notext', ...signer, ...times, '-in', request, '-out', certificate);
    return { ca: this.ca, certificate, key };
  }
}

/** Files at a place of their own, where they are exchanged as an operator does it. */
export function mounted(folder: string, first: EtcdFiles) {
  const files = { ca: join(folder, 'm.ca'), certificate: join(folder, 'm.crt'), key: join(folder, 'm.key') };
  const mount = (from: Partial<EtcdFiles>) => {
    for (const [name, path] of Object.entries(from)) copyFileSync(path, files[name as keyof EtcdFiles]);
  };
  mount(first);
  return { files, mount };
}

const configuration = (database: string, folder: string): string => `[ca]
default_ca = test
[test]
database = ${database}
new_certs_dir = ${folder}
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
`;

function stamp(secondsFromNow: number): string {
  return `${new Date(Date.now() + secondsFromNow * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
