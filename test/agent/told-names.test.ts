// Names of addresses in events: asked once, kept for a while, and never for many at a time.

import t from 'tap';
import { ToldNames } from '../../orchestrator/agent/told-names.ts';
import { addressWords } from '../../orchestrator/net/words.ts';

function told() {
  let now = 1000;
  const asked: string[] = [];
  const answers = new Map([['5 203.0.113.10', ['api.example.com']]]);
  const proxy = {
    hasEndpoint: (endpoint: number) => endpoint < 10,
    async namesOf(endpoint: number, address: string) {
      asked.push(`${endpoint} ${address}`);
      return answers.get(`${endpoint} ${address}`);
    },
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { names: new ToldNames(proxy, () => now), asked, answers, wait };
}

function speaking(endpoint: number, address: string, direction = 1) {
  const { hi: destinationHi, lo: destinationLo } = addressWords(address);
  return { direction, endpoint, destinationHi, destinationLo };
}

t.test('a name is asked for once, and again when it may be another', async (t) => {
  const { names, asked, answers, wait } = told();
  await names.prepare(speaking(5, '203.0.113.10'));
  t.same(names.find(5, '203.0.113.10'), ['api.example.com']);
  t.equal(names.prepare(speaking(5, '203.0.113.10')), undefined);
  await names.prepare(speaking(5, '203.0.113.11'));
  t.same(names.find(5, '203.0.113.11'), [], 'nobody has told it that one');
  t.equal(names.find(6, '203.0.113.10'), undefined, 'nor anybody else');
  answers.set('5 203.0.113.10', ['www.example.com']);
  wait(5000);
  t.same(names.find(5, '203.0.113.10'), ['api.example.com'], 'what is old is better than nothing');
  await names.prepare(speaking(5, '203.0.113.10'));
  t.same(names.find(5, '203.0.113.10'), ['www.example.com']);
  t.same(asked, ['5 203.0.113.10', '5 203.0.113.11', '5 203.0.113.10']);
});

t.test('nothing is asked for pods whose names nobody looks at, nor of what comes to pods', async (t) => {
  const { names, asked } = told();
  t.equal(names.prepare(speaking(11, '203.0.113.10')), undefined);
  t.equal(names.prepare(speaking(5, '203.0.113.10', 0)), undefined);
  t.same(asked, []);
});

t.test('a pod that tries out addresses has few of them asked for', async (t) => {
  const { names, asked, wait } = told();
  for (let low = 0; low < 250; low += 1) await names.prepare(speaking(5, `198.51.100.${low}`));
  t.equal(asked.length, 20);
  wait(100);
  await names.prepare(speaking(5, '203.0.113.10'));
  t.same(names.find(5, '203.0.113.10'), ['api.example.com'], 'a moment later others have their turn');
});
