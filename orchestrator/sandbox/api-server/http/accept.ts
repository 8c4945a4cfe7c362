// Accept: in which form the client wants to see objects.
import { notAcceptable } from '../status-error.ts';

export type Representation = 'object' | 'table' | 'metadata';

const served = ['application/json', 'application/json;stream=watch'];

/** The first entry that can be served decides, as clients order them. */
export function representation(accept: string | undefined): Representation {
  if (accept === undefined || accept.trim() === '') return 'object';
  for (const entry of accept.split(',')) {
    const [type, ...parameters] = entry.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const values = new Map(parameters.map((parameter) => parameter.split('=', 2).map((part) => part.trim()) as [string, string]));
    const as = values.get('as');
    if (as === undefined) return 'object';
    if (values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  throw notAcceptable(served);
}
