// Errors carry what a caller decides by: the code and whether to try again.
import t from 'tap';
import { AgentError, codes, NotSupported } from '../orchestrator/errors.ts';

t.test('an error takes retryable from the registry', async (t) => {
  const error = new AgentError('BPF_CALL_FAILED', 'map policy: update: EBUSY');
  t.equal(error.retryable, codes.BPF_CALL_FAILED[1]);
  t.equal(error.name, 'AgentError');
});

t.test('one occurrence may know better whether it can be retried', async (t) => {
  t.equal(new AgentError('BPF_CALL_FAILED', 'map policy: update: EPERM', { retryable: false }).retryable, false);
});

t.test('an error keeps its cause', async (t) => {
  const cause = new Error('below');
  t.equal(new AgentError('BPF_CALL_FAILED', 'map policy: update: failed', { cause }).cause, cause);
});

t.test('what is not supported names the feature and the first kernel that has it', async (t) => {
  const error = new NotSupported('tcx links', '6.6');
  t.match(error, { code: 'NOT_SUPPORTED', feature: 'tcx links', minimumKernel: '6.6', retryable: false });
  t.equal(error.message, 'tcx links: not supported: needs linux 6.6');
  t.equal(new NotSupported('eBPF').message, 'eBPF: not supported');
});
