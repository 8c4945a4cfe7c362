// What was to be deleted and is not there is as good as deleted.
import { StatusError } from '../status-error.ts';

export function absent(error: unknown): { gone: boolean } {
  if (error instanceof StatusError && error.code === 404) return { gone: true };
  throw error;
}
