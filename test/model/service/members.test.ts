// Members of services: who is removed, and who is only not ready or ends.

import t from 'tap';
import { membersOf } from '../../../orchestrator/model/service/members.ts';
import { ServiceMerge } from '../../../orchestrator/model/service/merge.ts';
import { here, service, slice, states } from './cases.ts';

const asking = { resetRemoved: 'true' };
const ports = ['http:80/6', 'dns:53/17'];

function openMerge(more = asking): ServiceMerge {
  const merge = new ServiceMerge();
  merge.setNode(here);
  merge.putService(service('a', ['10.9.0.1'], ports, more));
  merge.putSlice(slice('s', 'a', ports, ['10.1.0.1', '10.1.0.2', 'fd00::1']));
  merge.takeChanges();
  return merge;
}

t.test('every endpoint is one, at each port with a number, in whatever state it is', (t) => {
  for (const state of states) t.same([...membersOf([slice('s', 'a', ['http:80/6'], [`10.1.0.1 ${state}`])])], ['10.1.0.1 6 80'], state);
  t.same([...membersOf([slice('s', 'a', ports, ['fd00::1']), slice('r', 'a', ports, ['fd00::1'])])], ['fd00::1 6 80', 'fd00::1 17 53']);
  t.same([...membersOf([{ ...slice('s', 'a', [], ['10.1.0.1']), ports: [{ name: '', port: undefined, protocol: 6 }] }])], []);
  t.same([...membersOf([])], []);
  t.end();
});

t.test('a service has lost one when it is in no slice any more, and not before', (t) => {
  const merge = openMerge();
  const after = (...endpoints: string[]) => {
    merge.putSlice(slice('s', 'a', ports, endpoints));
    merge.takeChanges();
    return merge.members.takeShrunk();
  };
  t.same(merge.members.takeShrunk(), [], 'none by being there');
  t.same(after('10.1.0.1 unready', '10.1.0.2 ending', 'fd00::1 gone'), []);
  t.same(after('10.1.0.1', '10.1.0.2', 'fd00::1', '10.1.0.3'), [], 'none by another one');
  merge.putSlice(slice('r', 'a', ports, ['10.1.0.3']));
  t.same(after('10.1.0.1', '10.1.0.2', 'fd00::1'), [], 'none by one that has moved');
  t.same(after('10.1.0.1', 'fd00::1'), ['shop/a']);
  t.same(merge.members.takeShrunk(), [], 'told once');
  merge.removeSlice('shop/s');
  merge.takeChanges();
  t.same(merge.members.takeShrunk(), ['shop/a']);
  t.end();
});

t.test('nothing is followed for a service that does not ask for it, or is gone', (t) => {
  for (const resetRemoved of ['', 'false', 'yes']) {
    const merge = openMerge({ resetRemoved });
    merge.removeSlice('shop/s');
    merge.takeChanges();
    t.same(merge.members.takeShrunk(), [], resetRemoved);
    t.same([...merge.members.services()], []);
    t.same(
      merge.faults().map(({ message }) => message),
      resetRemoved === 'yes' ? ['no such value of axoneme.io/reset-removed-backends: "yes": false is taken'] : [],
    );
  }
  const merge = openMerge();
  t.same([...merge.members.services()], ['shop/a']);
  merge.removeService('shop/a');
  merge.takeChanges();
  t.same(merge.members.takeShrunk(), [], 'whose service is gone was not removed from it');
  t.same([...merge.members.services()], []);
  t.end();
});
