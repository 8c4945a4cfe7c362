// OpenAPI documents: what clients check objects against before they send them.
import type { Reply } from '../http/call.ts';
import type { Registry } from '../registry.ts';

export function openApi(_parts: readonly string[], _accept: string | undefined, _registry: Registry): Reply | undefined {
  return undefined;
}
