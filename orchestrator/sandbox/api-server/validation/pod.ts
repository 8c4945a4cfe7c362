// What is wrong with a pod.
import { duplicate, type FieldError, fieldForbidden, invalid, required, unsupported } from '../field-error.ts';
import { isSame, type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { nameProblem } from './names.ts';

export function podErrors(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = recordAt(object, 'spec');
  const errors: FieldError[] = [];
  if (listAt(spec, 'containers').length === 0) errors.push(required('spec.containers'));
  const names = new Set<string>();
  const volumes = new Set(listAt(spec, 'volumes').map((volume) => textAt(volume, 'name')));
  for (const list of ['initContainers', 'containers']) {
    for (const [index, container] of listAt(spec, list).entries()) {
      errors.push(...containerErrors(container as Json, `spec.${list}[${index}]`, names, volumes));
    }
  }
  for (const [index, volume] of listAt(spec, 'volumes').entries()) {
    if (!textAt(volume, 'name')) errors.push(required(`spec.volumes[${index}].name`));
  }
  oneOf(errors, 'spec.restartPolicy', spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  oneOf(errors, 'spec.dnsPolicy', spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  if (old !== undefined) errors.push(...changeErrors(spec, recordAt(old, 'spec')));
  return errors;
}

function oneOf(errors: FieldError[], field: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(String(value))) errors.push(unsupported(field, value, allowed.toSorted()));
}

function containerErrors(container: Json, at: string, names: Set<string>, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  const name = textAt(container, 'name');
  const problem = nameProblem(name, 'label');
  if (name === '') errors.push(required(`${at}.name`));
  else if (problem !== undefined) errors.push(invalid(`${at}.name`, name, problem));
  else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
  names.add(name);
  if (textAt(container, 'image') === '') errors.push(required(`${at}.image`));
  oneOf(errors, `${at}.imagePullPolicy`, container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  for (const [index, port] of listAt(container, 'ports').entries()) {
    const { containerPort, protocol } = port as Json;
    if (containerPort === undefined || containerPort === 0) errors.push(required(`${at}.ports[${index}].containerPort`));
    else if (Number(containerPort) < 1 || Number(containerPort) > 65535) {
      errors.push(invalid(`${at}.ports[${index}].containerPort`, containerPort, 'must be between 1 and 65535, inclusive'));
    }
    oneOf(errors, `${at}.ports[${index}].protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
  }
  for (const [index, mount] of listAt(container, 'volumeMounts').entries()) {
    const volume = textAt(mount, 'name');
    if (volume === '') errors.push(required(`${at}.volumeMounts[${index}].name`));
    else if (!volumes.has(volume))
      errors.push({
        reason: 'FieldValueNotFound',
        message: `Not found: ${JSON.stringify(volume)}`,
        field: `${at}.volumeMounts[${index}].name`,
      });
    if (textAt(mount, 'mountPath') === '') errors.push(required(`${at}.volumeMounts[${index}].mountPath`));
  }
  for (const [index, variable] of listAt(container, 'env').entries()) {
    if (textAt(variable, 'name') === '') errors.push(required(`${at}.env[${index}].name`));
  }
  return errors;
}

/** A pod's images and a few numbers may change; where it runs is told by its binding alone. */
function changeErrors(spec: Json, old: Json): FieldError[] {
  const mutable = (one: Json) => ({
    ...one,
    containers: listAt(one, 'containers').map((container) => ({ ...(container as Json), image: '' })),
    initContainers: listAt(one, 'initContainers').map((container) => ({ ...(container as Json), image: '' })),
    activeDeadlineSeconds: 0,
    terminationGracePeriodSeconds: 0,
    tolerations: [],
    schedulingGates: [],
    // The binding comes as a change of what was empty.
    nodeName: old.nodeName === undefined ? '' : one.nodeName,
  });
  if (isSame(mutable(spec), mutable(old))) return [];
  const detail =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [fieldForbidden('spec', detail)];
}
