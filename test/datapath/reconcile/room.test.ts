// Room, against a list of single places.

import fc from 'fast-check';
import t from 'tap';
import { Room } from '../../../orchestrator/datapath/reconcile/room.ts';

const size = 24;
const step = fc.oneof(
  fc.record({ find: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ give: fc.nat(20) }),
  fc.record({ take: fc.nat(size - 1), length: fc.integer({ min: 1, max: 6 }) }),
);

t.test('the lowest place that is large enough is found, whatever was taken and given back', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const room = new Room(size);
      const isFree = new Array<boolean>(size).fill(true);
      const taken: { from: number; length: number }[] = [];
      const hold = (from: number, length: number) => {
        isFree.fill(false, from, from + length);
        taken.push({ from, length });
      };
      for (const given of steps) {
        if ('find' in given) {
          const wanted = isFree.findIndex((_, from) => from + given.find <= size && isFree.slice(from, from + given.find).every(Boolean));
          const found = room.find(given.find);
          if (found !== (wanted < 0 ? undefined : wanted)) throw new Error(`${found}, not ${wanted}`);
          if (found !== undefined) hold(found, given.find);
        } else if ('take' in given) {
          const { take: from, length } = given;
          if (from + length > size || !isFree.slice(from, from + length).every(Boolean)) continue;
          room.take(from, length);
          hold(from, length);
        } else {
          const [part] = taken.splice(given.give, 1);
          if (part === undefined) continue;
          room.give(part.from, part.length);
          isFree.fill(true, part.from, part.from + part.length);
        }
        const free = room.parts().flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index));
        if (`${free}` !== `${isFree.flatMap((is, place) => (is ? [place] : []))}`) throw new Error(`free: ${free}`);
        if (room.parts().some(({ from }, index, parts) => parts[index - 1]?.to === from)) throw new Error('parts touch');
      }
    }),
    { numRuns: 2000 },
  );
});

t.test('what is taken twice is taken once', async (t) => {
  const room = new Room(10);
  room.take(2, 4);
  room.take(0, 6);
  t.equal(room.find(4), 6);
  t.equal(room.find(1), undefined);
  t.equal(new Room(0).find(1), undefined);
});
