// Patches by themselves: the three forms, as tables of what is there, what is sent and what becomes of it.
import t from 'tap';
import { jsonPatch, PatchError } from '../../../orchestrator/sandbox/api-server/patch/json-patch.ts';
import { mergePatch } from '../../../orchestrator/sandbox/api-server/patch/merge-patch.ts';
import { strategicMergePatch } from '../../../orchestrator/sandbox/api-server/patch/strategic-merge-patch.ts';
import { definition } from '../../../orchestrator/sandbox/api-server/schema/definitions.ts';

t.test('JSON patches', async (t) => {
  const rows: [what: string, from: unknown, patch: unknown[], to: unknown][] = [
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['adds to a list before an index', { l: [1, 3] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2, 3] }],
    ['adds to the end of a list', { l: [1] }, [{ op: 'add', path: '/l/-', value: 2 }], { l: [1, 2] }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    [
      'removes',
      { a: 1, b: [1, 2] },
      [
        { op: 'remove', path: '/a' },
        { op: 'remove', path: '/b/0' },
      ],
      { b: [2] },
    ],
    ['moves', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    [
      'copies what is then its own',
      { a: { x: 1 } },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/x', value: 2 },
      ],
      { a: { x: 1 }, b: { x: 2 } },
    ],
    ['tests without regard to order', { a: { x: 1, y: 2 } }, [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }], { a: { x: 1, y: 2 } }],
    [
      'escapes slashes and tildes',
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/c~0d' },
      ],
      {},
    ],
    ['makes a member called __proto__ without harm', {}, [{ op: 'add', path: '/a', value: {} }], { a: {} }],
  ];
  for (const [what, from, patch, to] of rows) t.same(jsonPatch(from, patch), to, what);
  const before = { a: 1 };
  t.throws(
    () =>
      jsonPatch(before, [
        { op: 'add', path: '/b', value: 1 },
        { op: 'test', path: '/a', value: 2 },
      ]),
    PatchError,
  );
  t.same(before, { a: 1 }, 'half a patch is never seen');
  for (const path of ['/none/x', '/l/5', '/l/x', 'l'])
    t.throws(() => jsonPatch({ l: [] }, [{ op: 'add', path, value: 1 }]), PatchError, path);
  t.throws(() => jsonPatch({}, [{ op: 'replace', path: '/a', value: 1 }]), PatchError, 'what is replaced is there');
  t.throws(() => jsonPatch({}, [{ op: 'remove', path: '/__proto__/x' }]), PatchError, 'what objects inherit is no member');
});

t.test('merge patches', async (t) => {
  // The examples of RFC 7386.
  const rows: [from: unknown, patch: unknown, to: unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [from, patch, to] of rows) t.same(mergePatch(from, patch), to, JSON.stringify(patch));
});

t.test('strategic merge patches', async (t) => {
  const container = (name: string, image: string, more = {}) => ({ name, image, ...more });
  const pod = {
    spec: {
      containers: [container('a', '1', { args: ['x'] }), container('b', '1')],
      nodeSelector: { x: 'y' },
      tolerations: [{ key: 'a' }],
    },
  };
  const rows: [what: string, patch: Record<string, unknown>, to: unknown][] = [
    [
      'a list of objects by its key',
      { containers: [{ name: 'b', image: '2' }] },
      { containers: [container('a', '1', { args: ['x'] }), container('b', '2')] },
    ],
    ['a new member at the end', { containers: [container('c', '1')] }, { containers: [...pod.spec.containers, container('c', '1')] }],
    ['a member that goes', { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [container('b', '1')] }],
    ['a list that is replaced', { containers: [{ $patch: 'replace' }, container('c', '1')] }, { containers: [container('c', '1')] }],
    ['a list without a key, which is replaced', { tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'b' }] }],
    [
      'an order',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      { containers: [container('b', '1'), container('a', '1', { args: ['x'] })] },
    ],
    ['a map that is replaced', { nodeSelector: { $patch: 'replace', z: '1' } }, { nodeSelector: { z: '1' } }],
    ['a member that is taken away', { nodeSelector: { x: null } }, { nodeSelector: {} }],
    [
      'a list in a member',
      { containers: [{ name: 'a', args: ['y'] }] },
      { containers: [container('a', '1', { args: ['y'] }), container('b', '1')] },
    ],
  ];
  for (const [what, spec, to] of rows) t.match(strategicMergePatch(pod, { spec }, definition('Pod')), { spec: to }, what);
  const finalizers = strategicMergePatch(
    { metadata: { finalizers: ['a', 'b'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] } },
    {
      properties: { metadata: { $ref: 'ObjectMeta' } },
    },
  );
  t.same(finalizers, { metadata: { finalizers: ['b', 'c'] } }, 'lists of plain values gain and lose members');
  t.throws(
    () => strategicMergePatch(pod, { spec: { containers: [{ image: 'x' }] } }, definition('Pod')),
    /does not contain declared merge key: name/,
  );
  t.same(pod.spec.containers.length, 2, 'what is patched stays as it is');
});
