// Forms: generated definitions, ages, the paths of columns, and bodies in protobuf that are none.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { readPath } from '../../../orchestrator/sandbox/api-server/custom/json-path.ts';
import { StatusError } from '../../../orchestrator/sandbox/api-server/status-error.ts';
import { duration } from '../../../orchestrator/sandbox/api-server/table/age.ts';
import { parseProtobuf } from '../../../orchestrator/sandbox/api-server/wire/decode.ts';
import { root } from '../../support/sources.ts';

t.test('definitions are what the generator makes of the models', async (t) => {
  const generator = 'orchestrator/sandbox/api-server/schema/generate.ts';
  const { status, stderr } = spawnSync(process.execPath, [generator, '--check'], { cwd: root, encoding: 'utf8' });
  t.equal(status, 0, stderr);
});

const noKubectl = spawnSync('kubectl', ['version', '--client']).stdout?.includes('v1.32.')
  ? false
  : 'there is no kubectl of the release here';

t.test('messages are what the generator makes of the descriptors in a kubectl', { skip: noKubectl }, async (t) => {
  const generator = 'orchestrator/sandbox/api-server/wire/generate.ts';
  const { status, stderr } = spawnSync(process.execPath, [generator, '--check'], { cwd: root, encoding: 'utf8' });
  t.equal(status, 0, stderr);
});

t.test('ages have two units at most', async (t) => {
  const minute = 60;
  const hour = 60 * minute;
  const day = 24 * hour;
  const rows: [seconds: number, text: string][] = [
    [-5, '<invalid>'],
    [0, '0s'],
    [119, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 5, '2m5s'],
    [10 * minute + 5, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 5 * minute, '3h5m'],
    [8 * hour + 5 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day + hour, '2d1h'],
    [8 * day + hour, '8d'],
    [729 * day, '729d'],
    [2 * 365 * day, '2y'],
    [2 * 365 * day + 3 * day, '2y3d'],
    [9 * 365 * day, '9y'],
  ];
  for (const [seconds, text] of rows) t.equal(duration(seconds), text);
});

t.test('columns are read by paths', async (t) => {
  const object = {
    a: {
      b: [
        { n: 'x', v: 1 },
        { n: 'y', v: 2 },
      ],
    },
    labels: { 'x.y/z': 'dotted' },
  };
  const rows: [path: string, found: unknown[]][] = [
    ['.a.b[0].n', ['x']],
    ['.a.b[-1].n', ['y']],
    ['.a.b[*].v', [1, 2]],
    [".a.b[?(@.n=='y')].v", [2]],
    ['.a.b[?(@.n!="y")].v', [1]],
    ['.labels.x\\.y/z', ['dotted']],
    [".labels['x.y/z']", ['dotted']],
    ['.none.at.all', []],
    ['.constructor', []],
    ['not a path', []],
  ];
  for (const [path, found] of rows) t.same(readPath(object, path), found, path);
});

t.test('bodies in protobuf that are broken, or of another kind, are refused', async (t) => {
  const prefix = Buffer.from('k8s\0');
  const text = (field: number, value: string | Buffer) => Buffer.concat([Buffer.from([field * 8 + 2, value.length]), Buffer.from(value)]);
  const wrapped = (kind: string, raw: Buffer) =>
    Buffer.concat([prefix, text(1, Buffer.concat([text(1, 'v1'), text(2, kind)])), text(2, raw)]);
  const whole = wrapped('ConfigMap', Buffer.concat([text(1, text(1, 'a')), text(2, Buffer.concat([text(1, 'k'), text(2, 'v')]))]));
  t.same(parseProtobuf(whole, []), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } });
  const codeOf = (body: Buffer): number => {
    try {
      parseProtobuf(body, ['application/json']);
    } catch (error) {
      if (error instanceof StatusError) return error.code;
      throw error;
    }
    return 200;
  };
  t.equal(codeOf(Buffer.from('{}')), 400);
  t.equal(codeOf(wrapped('Deployment', Buffer.alloc(0))), 415);
  for (let length = 0; length < whole.length; length += 1)
    t.ok([400, 415, 200].includes(codeOf(whole.subarray(0, length))), `cut at ${length}`);
  for (let at = 4; at < whole.length; at += 1) {
    const broken = Buffer.from(whole);
    broken[at] ^= 0xff;
    t.ok([200, 400, 415].includes(codeOf(broken)), `broken at ${at}`);
  }
});
