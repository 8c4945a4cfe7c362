// Fuzz: hostile packets never trap, never make the datapath read or write outside of them, and are dropped with a reason.
import t from 'tap';
import { fuzz } from './fuzz.ts';
import { seedOf } from './random.ts';

t.test('hostile packets', async (t) => {
  const seed = seedOf(process.env.AXONEME_SEED);
  t.comment(`AXONEME_SEED=${seed}`);
  const { rounds, problem, reasons } = fuzz(300_000, seed);
  t.equal(problem, undefined, `${rounds} packets`);
  const counted = Object.fromEntries(reasons);
  for (const reason of [
    'FORWARDED',
    'INVALID_PACKET',
    'INVALID_EXTENSION_HEADER',
    'UNSUPPORTED_L3',
    'UNSUPPORTED_L4',
    'FRAGMENT_UNSUPPORTED',
    'INVALID_NEIGHBOUR',
    'RELATED_UNKNOWN',
  ]) {
    t.ok((counted[reason] ?? 0) > 100, `${reason}: ${counted[reason]}`);
  }
});
