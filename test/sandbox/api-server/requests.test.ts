// Requests that are wrong, and what is said about them; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, configMap, pod, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const merge = { 'content-type': 'application/merge-patch+json' };
const jsonPatch = { 'content-type': 'application/json-patch+json' };

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly code: number;
  readonly reason?: string;
  readonly message?: RegExp;
}

const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
const invalid = (name: string, path: string, body: Answered, message: RegExp): Case => ({
  name,
  method: 'POST',
  path,
  body,
  code: 422,
  reason: 'Invalid',
  message,
});

const cases: Case[] = [
  { name: 'an unknown path', method: 'GET', path: '/nowhere', code: 404 },
  { name: 'an unknown group', method: 'GET', path: '/apis/none.example/v1/things', code: 404 },
  {
    name: 'an unknown resource',
    method: 'GET',
    path: '/api/v1/things',
    code: 404,
    reason: 'NotFound',
    message: /the server could not find the requested resource/,
  },
  { name: 'an unknown subresource', method: 'GET', path: `${pods}/there/exec`, code: 404, reason: 'NotFound' },
  {
    name: 'an object that is not there',
    method: 'GET',
    path: `${pods}/none`,
    code: 404,
    reason: 'NotFound',
    message: /^pods "none" not found$/,
  },
  {
    name: 'an object of a group',
    method: 'GET',
    path: '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/none',
    code: 404,
    reason: 'NotFound',
    message: /^networkpolicies.networking.k8s.io "none" not found$/,
  },
  { name: 'a path that is no text', method: 'GET', path: '/api/v1/pods/%ff', code: 400, reason: 'BadRequest' },
  { name: 'an unknown method', method: 'TRACE', path: pods, code: 405, reason: 'MethodNotAllowed', message: /does not allow this method/ },
  { name: 'PUT of a collection', method: 'PUT', path: pods, body: {}, code: 405, reason: 'MethodNotAllowed' },
  { name: 'DELETE of all namespaces', method: 'DELETE', path: '/api/v1/namespaces', code: 405, reason: 'MethodNotAllowed' },
  { name: 'POST to an object', method: 'POST', path: `${pods}/there`, body: {}, code: 405, reason: 'MethodNotAllowed' },
  {
    name: 'an empty body',
    method: 'POST',
    path: pods,
    body: '',
    code: 400,
    reason: 'BadRequest',
    message: /the object provided is unrecognized \(must be of type Pod\)/,
  },
  { name: 'no JSON', method: 'POST', path: pods, body: '{"a":', code: 400, reason: 'BadRequest', message: /json parse error/ },
  {
    name: 'a list for an object',
    method: 'POST',
    path: pods,
    body: [],
    code: 400,
    reason: 'BadRequest',
    message: /cannot unmarshal array/,
  },
  { name: 'a text for an object', method: 'POST', path: pods, body: '"x"', code: 400, reason: 'BadRequest' },
  {
    name: 'another kind',
    method: 'POST',
    path: pods,
    body: configMap('a'),
    code: 400,
    reason: 'BadRequest',
    message: /^ConfigMap in version "v1" cannot be handled as a Pod/,
  },
  {
    name: 'another version',
    method: 'POST',
    path: pods,
    body: { ...pod('a'), apiVersion: 'v2' },
    code: 400,
    reason: 'BadRequest',
    message: /^the API version in the data \(v2\) does not match the expected API version \(v1\)$/,
  },
  {
    name: 'a wrong type',
    method: 'POST',
    path: pods,
    body: pod('a', { spec: { terminationGracePeriodSeconds: 'x' } }),
    code: 400,
    reason: 'BadRequest',
    message: /json: cannot unmarshal string into Go struct field Pod.spec.terminationGracePeriodSeconds of type int64/,
  },
  {
    name: 'a number for a label',
    method: 'POST',
    path: maps,
    body: configMap('a', {}, { labels: { a: 1 } }),
    code: 400,
    reason: 'BadRequest',
    message: /cannot unmarshal number/,
  },
  {
    name: 'a wrong amount',
    method: 'POST',
    path: pods,
    body: pod('a', { spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: 'x' } } }] } }),
    code: 400,
    reason: 'BadRequest',
    message: /quantities must match/,
  },
  {
    name: 'an unknown field, strictly',
    method: 'POST',
    path: `${pods}?fieldValidation=Strict`,
    body: pod('a', { spec: { colour: 'red' } }),
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: unknown field "spec.colour"/,
  },
  { name: 'an unknown strictness', method: 'POST', path: `${pods}?fieldValidation=Loud`, body: pod('a'), code: 422, reason: 'Invalid' },
  {
    name: 'an unknown dry run',
    method: 'POST',
    path: `${pods}?dryRun=Some`,
    body: pod('a'),
    code: 422,
    reason: 'Invalid',
    message: /dryRun: Unsupported value: "Some"/,
  },
  {
    name: 'another media type',
    method: 'POST',
    path: pods,
    body: 'a=b',
    headers: { 'content-type': 'text/plain' },
    code: 415,
    reason: 'UnsupportedMediaType',
    message: /accepted media types include/,
  },
  {
    name: 'server-side apply',
    method: 'PATCH',
    path: `${pods}/there`,
    body: '{}',
    headers: { 'content-type': 'application/apply-patch+yaml' },
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    name: 'a form that is not served',
    method: 'GET',
    path: pods,
    headers: { accept: 'text/html' },
    code: 406,
    reason: 'NotAcceptable',
    message: /only the following media types are accepted/,
  },
  {
    name: 'a body of 10 MB',
    method: 'POST',
    path: maps,
    body: configMap('big', { a: 'x'.repeat(10 * 1024 * 1024) }),
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: /limit is 3145728/,
  },
  { name: 'JSON without end in depth', method: 'POST', path: maps, body: deep, code: 400, reason: 'BadRequest', message: /max depth/ },
  {
    name: 'a namespace that is not there',
    method: 'POST',
    path: '/api/v1/namespaces/none/pods',
    body: pod('a'),
    code: 404,
    reason: 'NotFound',
    message: /^namespaces "none" not found$/,
  },
  {
    name: 'another namespace',
    method: 'POST',
    path: pods,
    body: pod('a', { metadata: { namespace: 'kube-system' } }),
    code: 400,
    reason: 'BadRequest',
    message: /^the namespace of the provided object does not match the namespace sent on the request$/,
  },
  {
    name: 'a name that is taken',
    method: 'POST',
    path: pods,
    body: pod('there'),
    code: 409,
    reason: 'AlreadyExists',
    message: /^pods "there" already exists$/,
  },
  invalid(
    'no name',
    pods,
    { ...pod('a'), metadata: {} },
    /^Pod "" is invalid: metadata.name: Required value: name or generateName is required$/,
  ),
  invalid(
    'a name with capitals',
    pods,
    pod('A_b'),
    /^Pod "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of/,
  ),
  invalid(
    'a wrong label',
    maps,
    configMap('a', {}, { labels: { 'a b': 'c' } }),
    /metadata.labels: Invalid value: "a b": name part must consist of/,
  ),
  invalid('no containers', pods, pod('a', { spec: { containers: [] } }), /^Pod "a" is invalid: spec.containers: Required value$/),
  invalid(
    'two complaints',
    pods,
    pod('a', { spec: { containers: [{ name: 'c' }], restartPolicy: 'Sometimes' } }),
    /is invalid: \[spec.containers\[0\].image: Required value, spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"\]$/,
  ),
  invalid(
    'a service without ports',
    '/api/v1/namespaces/default/services',
    { metadata: { name: 'a' }, spec: {} },
    /^Service "a" is invalid: spec.ports: Required value$/,
  ),
  invalid(
    'an address of no service network',
    '/api/v1/namespaces/default/services',
    { metadata: { name: 'a' }, spec: { clusterIP: '1.2.3.4', ports: [{ port: 1 }] } },
    /the provided IP \(1.2.3.4\) is not in the valid range/,
  ),
  invalid(
    'a policy without a peer',
    '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
    { metadata: { name: 'a' }, spec: { podSelector: {}, ingress: [{ from: [{}] }] } },
    /spec.ingress\[0\].from\[0\]: Required value: must specify a peer/,
  ),
  { name: 'a limit that is no number', method: 'GET', path: `${pods}?limit=many`, code: 400, reason: 'BadRequest' },
  {
    name: 'a revision that is no number',
    method: 'GET',
    path: `${pods}?resourceVersion=new`,
    code: 400,
    reason: 'BadRequest',
    message: /invalid resource version/,
  },
  {
    name: 'a token of somebody else',
    method: 'GET',
    path: `${pods}?continue=abc`,
    code: 400,
    reason: 'BadRequest',
    message: /continue key is not valid/,
  },
  {
    name: 'a match without a revision',
    method: 'GET',
    path: `${pods}?resourceVersionMatch=Exact`,
    code: 422,
    reason: 'Invalid',
    message: /resourceVersionMatch is forbidden unless resourceVersion is provided/,
  },
  {
    name: 'a selector that is none',
    method: 'GET',
    path: `${pods}?labelSelector=a%20in`,
    code: 400,
    reason: 'BadRequest',
    message: /unable to parse requirement/,
  },
  {
    name: 'a field that is not selectable',
    method: 'GET',
    path: `${pods}?fieldSelector=spec.color%3Dred`,
    code: 400,
    reason: 'BadRequest',
    message: /^field label not supported: spec.color$/,
  },
  {
    name: 'another name in the body',
    method: 'PUT',
    path: `${pods}/there`,
    body: pod('other'),
    code: 400,
    reason: 'BadRequest',
    message: /^the name of the object \(other\) does not match the name on the URL \(there\)$/,
  },
  {
    name: 'an old revision',
    method: 'PUT',
    path: `${pods}/there`,
    body: pod('there', { metadata: { resourceVersion: '1' } }),
    code: 409,
    reason: 'Conflict',
    message:
      /^Operation cannot be fulfilled on pods "there": the object has been modified; please apply your changes to the latest version and try again$/,
  },
  {
    name: 'another uid',
    method: 'PUT',
    path: `${pods}/there`,
    body: pod('there', { metadata: { uid: 'x' } }),
    code: 409,
    reason: 'Conflict',
    message: /Precondition failed: UID in precondition: x, UID in object meta: /,
  },
  { name: 'an update of nothing', method: 'PUT', path: `${pods}/none`, body: pod('none'), code: 404, reason: 'NotFound' },
  { name: 'a patch of nothing', method: 'PATCH', path: `${pods}/none`, body: {}, headers: merge, code: 404, reason: 'NotFound' },
  {
    name: 'a patch that is no object',
    method: 'PATCH',
    path: `${pods}/there`,
    body: '[]',
    headers: merge,
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'a patch that tests and fails',
    method: 'PATCH',
    path: `${pods}/there`,
    body: [{ op: 'test', path: '/metadata/name', value: 'x' }],
    headers: jsonPatch,
    code: 422,
    reason: 'Invalid',
  },
  {
    name: 'a patch of an unknown operation',
    method: 'PATCH',
    path: `${pods}/there`,
    body: [{ op: 'paint', path: '/metadata/name' }],
    headers: jsonPatch,
    code: 400,
    reason: 'BadRequest',
  },
  {
    name: 'a patch of a fixed field',
    method: 'PATCH',
    path: `${pods}/there`,
    body: { metadata: { uid: 'x' } },
    headers: merge,
    code: 409,
    reason: 'Conflict',
  },
  { name: 'a delete of nothing', method: 'DELETE', path: `${pods}/none`, code: 404, reason: 'NotFound' },
  {
    name: 'a delete of another uid',
    method: 'DELETE',
    path: `${pods}/there`,
    body: { preconditions: { uid: 'x' } },
    code: 409,
    reason: 'Conflict',
    message: /Precondition failed: UID in precondition: x/,
  },
  { name: 'an unknown propagation', method: 'DELETE', path: `${pods}/there?propagationPolicy=Sideways`, code: 422, reason: 'Invalid' },
];

t.test('requests that are wrong', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  await cluster.send('POST', pods, { body: pod('there') });
  const { body: before } = await cluster.send('GET', `${pods}/there`);
  for (const { name, method, path, body, headers, code, reason, message } of cases) {
    t.test(`${name} is answered ${code}`, async (t) => {
      const answer = await cluster.send(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      });
      t.equal(answer.code, code, answer.text.slice(0, 300));
      if (reason === undefined) return;
      t.match(answer.body, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
      if (message !== undefined) t.match(answer.body.message, message);
    });
  }
  t.same((await cluster.send('GET', `${pods}/there`)).body, before, 'none of them changed anything');
  t.same((await cluster.send('GET', pods)).body.items.length, 1, 'or made anything');
});

t.test('who may ask', { skip: noEtcd }, async (t) => {
  const tokens = new Map([['secret', 'somebody']]);
  const cluster = await startCluster(t, { authenticate: (token) => tokens.get(token) });
  const authorization = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  t.equal((await cluster.send('GET', pods, authorization('secret'))).code, 200);
  for (const wrong of [{}, authorization('guess'), { headers: { authorization: 'Basic secret' } }]) {
    const { code, body } = await cluster.send('GET', pods, wrong);
    t.equal(code, 401);
    t.match(body, { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
  }
  for (const path of ['/healthz', '/livez', '/readyz']) t.equal((await cluster.send('GET', path)).text, 'ok', `${path} is for everybody`);
  t.match((await cluster.send('GET', '/version')).body.gitVersion, /^v1\.\d+\.\d+$/);
  tokens.delete('secret');
  t.equal((await cluster.send('GET', pods, authorization('secret'))).code, 401, 'a token that is over is over at once');
});
