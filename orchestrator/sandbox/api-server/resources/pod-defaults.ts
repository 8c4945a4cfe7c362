// What a pod is when its author does not say: the defaults of the API, and what admission adds.
import { type Json, type KubeObject, listAt, recordAt } from '../object.ts';

export function defaultPod(object: KubeObject, old: KubeObject | undefined): void {
  const spec = recordAt(object, 'spec');
  object.spec = spec;
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.schedulerName ??= 'default-scheduler';
  spec.enableServiceLinks ??= true;
  spec.securityContext ??= {};
  // What only mirrors a file on its node is nobody to the API.
  const isMirror = object.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
  const account = spec.serviceAccountName ?? spec.serviceAccount ?? (isMirror ? undefined : 'default');
  if (account !== undefined) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  for (const container of listAt(spec, 'containers') as Json[]) defaultContainer(container, spec.hostNetwork === true);
  for (const container of listAt(spec, 'initContainers') as Json[]) defaultContainer(container, spec.hostNetwork === true);
  for (const volume of listAt(spec, 'volumes') as Json[]) defaultVolume(volume);
  if (old !== undefined) return;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  spec.priority ??= 0;
  tolerate(spec);
  object.status = { phase: 'Pending', qosClass: qosClass(spec) };
}

function defaultContainer(container: Json, hostNetwork: boolean): void {
  const image = typeof container.image === 'string' ? container.image : '';
  container.imagePullPolicy ??= /:(?!latest$)[^/]+$|@/.test(image) ? 'IfNotPresent' : 'Always';
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.resources ??= {};
  for (const port of listAt(container, 'ports') as Json[]) {
    port.protocol ??= 'TCP';
    if (hostNetwork) port.hostPort ??= port.containerPort;
  }
  for (const variable of listAt(container, 'env') as Json[]) {
    const field = recordAt(variable, 'valueFrom', 'fieldRef');
    if (Object.keys(field).length > 0) field.apiVersion ??= 'v1';
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = recordAt(container, name);
    if (Object.keys(probe).length === 0) continue;
    probe.timeoutSeconds ??= 1;
    probe.periodSeconds ??= 10;
    probe.successThreshold ??= 1;
    probe.failureThreshold ??= 3;
    const get = recordAt(probe, 'httpGet');
    if (Object.keys(get).length === 0) continue;
    get.scheme ??= 'HTTP';
    get.path ??= '/';
  }
  const { limits } = recordAt(container, 'resources');
  if (limits === undefined) return;
  const resources = recordAt(container, 'resources');
  resources.requests = { ...(limits as Json), ...recordAt(resources, 'requests') };
}

function defaultVolume(volume: Json): void {
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const source = volume[kind] as Json | undefined;
    if (source !== undefined && source !== null) source.defaultMode ??= 420;
  }
  const host = volume.hostPath as Json | undefined;
  if (host !== undefined && host !== null) host.type ??= '';
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
}

/** Pods stay for five minutes on a node that has gone. */
function tolerate(spec: Json): void {
  const tolerations = [...(listAt(spec, 'tolerations') as Json[])];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const covered = tolerations.some(
      (one) => (one.key === key || (!one.key && one.operator === 'Exists')) && (!one.effect || one.effect === 'NoExecute'),
    );
    if (!covered) tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

function qosClass(spec: Json): string {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const amounts = containers.map((container) => {
    const requests = recordAt(container, 'resources', 'requests');
    const limits = recordAt(container, 'resources', 'limits');
    const guaranteed = ['cpu', 'memory'].every((name) => limits[name] !== undefined && limits[name] === (requests[name] ?? limits[name]));
    return { any: ['cpu', 'memory'].some((name) => requests[name] !== undefined || limits[name] !== undefined), guaranteed };
  });
  if (amounts.every(({ any }) => !any)) return 'BestEffort';
  return amounts.every(({ guaranteed }) => guaranteed) ? 'Guaranteed' : 'Burstable';
}
