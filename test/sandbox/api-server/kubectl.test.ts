// The corpus of kubectl's commands, with every kubectl that there is, against a server over a real etcd.
import t, { type Test } from 'tap';
import { crds } from '../../../orchestrator/model/schema/crds.ts';
import { noEtcd } from '../../support/etcd.ts';
import { kubectls, type Said } from '../../support/kubectl.ts';
import { type Cluster, startCluster } from './cluster.ts';

t.setTimeout(900_000);

const programs = noEtcd ? [] : kubectls();
const skip = noEtcd || (programs.length === 0 && 'there is no kubectl here');

const web = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}, annotations: {note: first}}
spec:
  containers:
  - name: server
    image: nginx:1.2
    ports: [{containerPort: 80, name: http}]
    env: [{name: A, value: a}, {name: B, value: b}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-web}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}
`;

const policy = (extra = '') => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: dns}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toPorts: [{ports: [{port: "53", protocol: UDP}]}]}]
${extra}`;

t.test('kubectl', { skip }, async (t) => {
  const cluster = await startCluster(t);
  for (const { release, program } of programs) {
    const namespace = `with-${release.replaceAll('.', '-')}`;
    t.test(`kubectl ${release}`, async (t) => scenario(t, cluster, program, namespace, release));
  }
});

async function scenario(t: Test, cluster: Cluster, program: string, namespace: string, release: string) {
  const raw = (args: string, input?: string) => cluster.kubectl(program, args.split(' '), input);
  const run = async (args: string, input?: string) => {
    const said = await raw(`-n ${namespace} ${args}`, input);
    t.equal(said.status, 0, `kubectl ${args}: ${said.stderr}`);
    return said.stdout;
  };
  const fails = async (args: string, words: RegExp, input?: string) => {
    const said = await raw(`-n ${namespace} ${args}`, input);
    t.not(said.status, 0, `kubectl ${args}: ends with an error`);
    t.match(said.stderr, words, `kubectl ${args}`);
  };
  await run(`apply -f -`, `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${namespace}}\n`);

  t.match(await run('apply -f -', web), /pod\/web created\nservice\/web created\nnetworkpolicy.networking.k8s.io\/only-web created/);
  t.match(await run('apply -f -', web), /pod\/web unchanged\nservice\/web unchanged\nnetworkpolicy.networking.k8s.io\/only-web unchanged/);
  const changed = web.replace('nginx:1.2', 'nginx:1.3').replace(', annotations: {note: first}', '');
  t.match(await run('apply -f -', changed), /pod\/web configured/);
  t.equal(await run('get pod web -o jsonpath={.spec.containers[0].image}:{.metadata.annotations.note}'), 'nginx:1.3:');
  t.equal(
    await run('get pod web -o jsonpath={.spec.containers[0].env[*].name}'),
    'A B',
    'what the three-way merge did not touch is as it was',
  );

  t.match(
    await run('get pods -o wide'),
    /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nweb +0\/1 +Pending +0 +\d+s +<none> +<none> +<none> +<none>\n$/,
  );
  t.match(
    await run('get svc'),
    /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nweb +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +\d+s\n$/,
  );
  t.match(await run('get netpol'), /^NAME +POD-SELECTOR +AGE\nonly-web +app=web +\d+s\n$/);
  t.equal(await run('get pods,services -o name'), 'pod/web\nservice/web\n');
  t.match(await run('get pods -A'), new RegExp(`NAMESPACE +NAME .*\\n(.*\\n)*${namespace} +web`));
  t.equal(await run('get pods -l app=web,!none -o name'), 'pod/web\n');
  t.equal(await run('get pods -l app!=web -o name'), '');
  t.equal(await run('get pods --field-selector status.phase=Pending,metadata.name!=x -o name'), 'pod/web\n');
  await fails('get pods --field-selector spec.color=red', /field label not supported: spec.color/);
  await fails('get pod none', /Error from server \(NotFound\): pods "none" not found/);
  t.equal(JSON.parse(await run('get pod web -o json')).status.phase, 'Pending');
  t.match(await run('get pod web -o yaml'), /^apiVersion: v1\nkind: Pod\nmetadata:\n/);

  await run('label pod web tier=front');
  await run('annotate pod web note=second');
  t.equal(await run('get pod web -o jsonpath={.metadata.labels.tier}/{.metadata.annotations.note}'), 'front/second');
  await run('label pod web tier-');
  await fails('label pod web app=other', /already has a value/);
  await run(`patch pod web --type=json -p [{"op":"add","path":"/metadata/labels/json","value":"1"}]`);
  await run(`patch pod web --type=merge -p {"metadata":{"labels":{"merge":"1","json":null}}}`);
  await run(`patch pod web -p {"spec":{"containers":[{"name":"server","image":"nginx:1.4"}]}}`);
  t.equal(
    await run(
      'get pod web -o jsonpath={.metadata.labels.merge}{.metadata.labels.json}/{.spec.containers[*].image}/{.spec.containers[0].ports[0].name}',
    ),
    '1/nginx:1.4/http',
  );
  await fails(`patch pod web -p {"spec":{"nodeName":"elsewhere","hostNetwork":true}}`, /pod updates may not change fields other than/);

  t.match(await run('run other --image=image:1 --restart=Never'), /pod\/other created/);
  await fails('run other --image=image:1', /Error from server \(AlreadyExists\): pods "other" already exists/);
  const whole = await run('get pod other -o json');
  t.match(await run('replace -f -', whole), /pod\/other replaced/);
  await run('label pod other x=y');
  await fails('replace -f -', /the object has been modified; please apply your changes to the latest version and try again/, whole);
  t.match(await run('create configmap settings --from-literal=a=b'), /configmap\/settings created/);
  t.match(await run('create secret generic hidden --from-literal=a=b'), /secret\/hidden created/);
  t.equal(await run('get secret hidden -o jsonpath={.type}/{.data.a}'), 'Opaque/Yg==');
  t.match(await run('create serviceaccount robot'), /serviceaccount\/robot created/);
  t.match(await run('create service clusterip made --tcp=80:8080'), /service\/made created/);
  t.equal(await run('get svc made -o jsonpath={.spec.ports[0].targetPort}'), '8080');
  t.match(await run('get cm settings'), /^NAME +DATA +AGE\nsettings +1 +\d+s\n$/);

  const waiting = run('wait --for=condition=Ready pod/web --timeout=20s');
  const status = {
    status: {
      phase: 'Running',
      podIP: '10.1.2.3',
      podIPs: [{ ip: '10.1.2.3' }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'server', ready: true, restartCount: 0, state: { running: {} } }],
    },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/web`;
  t.equal((await cluster.send('POST', `${path}/binding`, { body: { target: { kind: 'Node', name: 'n1' } } })).code, 201);
  t.equal(
    (await cluster.send('PATCH', `${path}/status`, { body: status, headers: { 'content-type': 'application/strategic-merge-patch+json' } }))
      .code,
    200,
  );
  t.match(await waiting, /pod\/web condition met/);
  t.match(await run('get pods web'), /web +1\/1 +Running +0/);
  t.match(await run('get endpointslices'), /web-\w+ +IPv4 +80 +10\.1\.2\.3/);

  const deleting = run('wait --for=delete pod/web --timeout=20s');
  t.match(await run('delete pod web --wait=false'), /pod "web" deleted/);
  t.match(await run('get pods web'), /Terminating/, 'the kubelet has not let it go');
  t.match(await run('delete pod web --grace-period=0 --force'), /pod "web" force deleted/);
  await deleting;
  t.match(await run('delete pods --all'), /pod "other" deleted/);
  t.equal(await run('get pods -o name'), '');

  await typed(t, run, raw, cluster, release);
  await definitions(t, run, fails, raw, release);
  t.match(await run(`delete namespace ${namespace}`), new RegExp(`namespace "${namespace}" deleted`));
  t.match((await raw(`get namespace ${namespace}`)).stderr, /not found/);
}

/** What newer ones send as messages rather than texts: a pod with everything that a node's shell needs, tokens, questions. */
async function typed(t: Test, run: Run, raw: (args: string) => Promise<Said>, cluster: Cluster, release: string) {
  if (release === 'v1.20.2' || /^v1\.[12]\d\./.test(release)) return;
  await cluster.send('POST', '/api/v1/nodes', { body: { metadata: { name: `node-${release}` } } });
  t.match(await run(`debug node/node-${release} --image=image:1 --attach=false --profile=general`), /Creating debugging pod/);
  const found = JSON.parse(await run('get pods -o json')).items;
  t.equal(found.length, 1);
  const { spec } = found[0];
  t.match(spec, {
    nodeName: `node-${release}`,
    hostNetwork: true,
    hostPID: true,
    restartPolicy: 'Never',
    volumes: [{ name: 'host-root', hostPath: { path: '/', type: '' } }],
    tolerations: [{ operator: 'Exists' }],
  });
  t.match(spec.containers[0], { image: 'image:1', volumeMounts: [{ name: 'host-root', mountPath: '/host' }] });
  const { name, namespace } = found[0].metadata;
  t.match((await raw(`logs -n ${namespace} ${name}`)).stderr, /pods\/log is not implemented/);
  t.match((await raw(`exec -n ${namespace} ${name} -- true`)).stderr, /not implemented|unable to upgrade connection/);
  await run('delete pods --all --grace-period=0 --force');
  t.match(await run('create token default --audience=one --audience=two --duration=20m'), /^[\w-]+\.[\w-]+\.[\w-]+\n?$/);
  t.equal(await run('auth can-i create pods'), 'yes\n');
  t.match(await run('auth whoami'), /system:anonymous/);
  t.match(await run('auth can-i --list'), /\*\.\* +\[\] +\[\] +\[\*\]/);
  await run(`cordon node-${release}`);
  t.match(await run(`get nodes node-${release}`), /SchedulingDisabled/);
  await run(`taint nodes node-${release} a=b:NoSchedule`);
  await run(`drain node-${release}`);
  await run(`delete node node-${release}`);
}

type Run = (args: string, input?: string) => Promise<string>;

async function definitions(
  t: Test,
  run: Run,
  fails: (args: string, words: RegExp, input?: string) => Promise<void>,
  raw: (args: string, input?: string) => Promise<unknown>,
  release: string,
) {
  await run('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds() }));
  await run('wait --for=condition=Established crd/ciliumnetworkpolicies.cilium.io --timeout=10s');
  t.match(await run('apply -f -', policy()), /ciliumnetworkpolicy.cilium.io\/dns created/);
  t.match(await run('apply -f -', policy()), /ciliumnetworkpolicy.cilium.io\/dns unchanged/);
  t.match(await run('get cnp'), /^NAME +AGE +VALID\ndns +\d+s +\n$/);
  await run(`patch cnp dns --type=merge -p {"metadata":{"labels":{"a":"b"}}}`);
  t.equal(await run('get ciliumnetworkpolicies.v2.cilium.io -l a=b -o name'), 'ciliumnetworkpolicy.cilium.io/dns\n');
  await fails('apply -f -', /unknown field|ValidationError/, policy('  colour: red\n'));
  await fails('apply -f -', /Invalid value|Unsupported value|ValidationError/, policy().replace('"53"', '53'));
  await fails('patch cnp dns -p {}', /strategic merge patch|unknown format|media types|UnsupportedMediaType/);
  t.match(await run('explain cnp.spec'), /egress/);
  t.match(await run('explain pod.spec.containers'), /image/);
  await raw('delete ccnp --all');
  t.match(await run('delete cnp dns'), /deleted/);
  t.comment(release);
}
