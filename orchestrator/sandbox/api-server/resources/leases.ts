// Leases: who does a duty now, and until when.
import { type FieldError, invalid } from '../field-error.ts';
import { type KubeObject, recordAt, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

export const leases = resource({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  unconditionalUpdate: false,
  createOnUpdate: true,
  columns: [
    nameColumn,
    {
      name: 'Holder',
      type: 'string',
      description: 'holderIdentity contains the identity of the holder of a current lease.',
      cell: (object) => textAt(object, 'spec', 'holderIdentity'),
    },
    ageColumn,
  ],
  schema: definition('Lease'),
  validate: leaseErrors,
});

function leaseErrors(object: KubeObject): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = recordAt(object, 'spec');
  const errors: FieldError[] = [];
  if (typeof leaseDurationSeconds === 'number' && leaseDurationSeconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  if (typeof leaseTransitions === 'number' && leaseTransitions < 0) {
    errors.push(invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
  }
  return errors;
}
