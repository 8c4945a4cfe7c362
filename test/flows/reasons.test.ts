// Reasons are numbers on the wire between datapath and people: every one has words.
import t from 'tap';
import * as enums from '../../orchestrator/datapath/generated/enums.ts';
import { reasonSentence, reasonWords } from '../../orchestrator/flows/reasons.ts';

t.test('a reason is said in lower-case words', async (t) => {
  t.equal(reasonWords(enums.REASON_POLICY_DENIED), 'policy denied');
  t.equal(reasonWords(enums.REASON_L7_NOT_ENFORCED), 'l7 not enforced');
  t.equal(reasonWords(1), 'reason 1');
});

t.test('every reason of the datapath has a sentence of its own', async (t) => {
  const sentences = Object.values(enums.Reason).map(reasonSentence);
  t.equal(new Set(sentences).size, Object.keys(enums.Reason).length);
  t.equal(reasonSentence(1), 'this build has no name for it');
});
