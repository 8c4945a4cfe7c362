// Log lines are for machines first: their shape is asserted whole.
import t from 'tap';
import { AgentError } from '../orchestrator/errors.ts';
import { openLog } from '../orchestrator/log.ts';

function openMemoryLog() {
  const lines: string[] = [];
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) });
  return { lines, log };
}

t.test('a line is one JSON object with the room, the sentence and the fields', async (t) => {
  const { lines, log } = openMemoryLog();
  log.room('datapath.kernel').info('map is under pressure', { map: 'conntrack', revision: 7n });
  t.same(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","room":"datapath.kernel","message":"map is under pressure","map":"conntrack","revision":"7"}\n',
  ]);
});

t.test('an error is logged with its code and message', async (t) => {
  const { lines, log } = openMemoryLog();
  log.room('cli').error('probe failed', { error: new AgentError('BPF_CALL_FAILED', 'map policy: update: EBUSY') });
  t.same(JSON.parse(lines[0]).error, { code: 'BPF_CALL_FAILED', message: 'map policy: update: EBUSY' });
});

t.test('lines above the level are not written, and the level may change while rooms hold their log', async (t) => {
  const { lines, log } = openMemoryLog();
  const room = log.room('cli');
  room.debug('first');
  log.level = 'debug';
  room.debug('second');
  t.same(
    lines.map((line) => JSON.parse(line).message),
    ['second'],
  );
});
