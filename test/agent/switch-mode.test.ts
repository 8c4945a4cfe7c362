// A switch of the mode, before anything is touched: what stands in its way, what is written down, and that no pod slips in.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { decideMode, readMode, writeMode } from '../../orchestrator/agent/mode.ts';
import { ModeSwitch, type ModeSwitchOptions } from '../../orchestrator/agent/switch-mode.ts';
import type { CniRequest } from '../../orchestrator/cni/request.ts';

function open(t: Test, more: Partial<ModeSwitchOptions> & { readonly datapath?: 'auto' | 'kernel' | 'wasm' } = {}) {
  const { datapath = 'auto', ...given } = more;
  const stateDir = t.testdir({});
  const ended = Promise.withResolvers<void>();
  let ends = 0;
  const again = () => {
    ends += 1;
    ended.resolve();
  };
  const options = { config: { datapath, stateDir }, current: 'kernel' as const, pods: () => [], refusal: async () => undefined, again };
  return { switching: new ModeSwitch({ ...options, ...given }), stateDir, ended: ended.promise, ends: () => ends };
}

const add: CniRequest = { command: 'ADD', containerId: 'c', netns: '/n', ifname: 'eth0', args: '', path: '', config: {} as never };

t.test('a drained node is switched: it is written down, then this life ends once', async (t) => {
  const { switching, stateDir, ended, ends } = open(t);
  t.equal(await switching.to('wasm'), true);
  t.match(readMode(stateDir), { mode: 'wasm', isAsked: true, leaves: 'kernel' });
  await t.rejects(switching.to('kernel'), { status: 409, message: /being switched/ });
  await ended;
  t.equal(ends(), 1);
});

t.test('the mode that it has already is no switch', async (t) => {
  const { switching, stateDir, ends } = open(t, { pods: () => ['shop/web'] });
  t.equal(await switching.to('kernel'), false);
  t.same(readdirSync(stateDir), []);
  t.equal(ends(), 0);
});

t.test('what stands in the way is said, and nothing is written; once it is gone it works', async (t) => {
  let pods = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `shop/${name}`);
  let refusal: string | undefined = 'kernel mode: wasm mode was asked for, but this host refuses TUN (ENOENT)';
  const { switching, stateDir } = open(t, { pods: () => pods, refusal: async () => refusal });
  const refused = (message: RegExp) => t.rejects(switching.to('wasm'), { status: 409, message });
  await refused(/pods of this node are in kernel mode: shop\/a, shop\/b, shop\/c, shop\/d, shop\/e and 2 more$/);
  pods = [];
  mkdirSync(join(stateDir, 'endpoints'));
  writeFileSync(join(stateDir, 'endpoints/7.json'), '{');
  await refused(/interfaces of pods are in .*\/endpoints/);
  writeFileSync(join(stateDir, 'endpoints/7.json'), '{}');
  t.equal(readMode(stateDir), undefined);
  const other = open(t, { pods: () => [], refusal: async () => refusal });
  await t.rejects(other.switching.to('wasm'), { status: 409, message: /this host refuses TUN/ });
  t.equal(readMode(other.stateDir), undefined);
  refusal = undefined;
  t.equal(await other.switching.to('wasm'), true);
});

t.test('a mode that a flag names is switched by that flag', async (t) => {
  const { switching } = open(t, { datapath: 'kernel' });
  await t.rejects(switching.to('wasm'), {
    status: 409,
    message: /was started with --datapath kernel/,
    hint: /--datapath wasm once no pod is here/,
  });
});

t.test('a pod that is being added is waited for, and keeps the mode; one that comes during a switch is told to try again', async (t) => {
  const here: string[] = [];
  const refusing = Promise.withResolvers<undefined>();
  const { switching } = open(t, { pods: () => here, refusal: () => refusing.promise });
  const adding = Promise.withResolvers<void>();
  const slow = switching.cni(add, async () => {
    await adding.promise;
    here.push('shop/late');
    return { code: 0 };
  });
  const asked = t.rejects(switching.to('wasm'), { status: 409, message: /shop\/late/ });
  t.match(await switching.cni(add, async () => ({ code: 0 })), { code: 11, body: { msg: /being switched/ } });
  t.same(await switching.cni({ ...add, command: 'DEL' }, async () => ({ code: 0 })), { code: 0 }, 'pods may go');
  adding.resolve();
  t.same(await slow, { code: 0 });
  await asked;
  t.same(await switching.cni(add, async () => ({ code: 0 })), { code: 0 }, 'a refused switch is over');
  here.splice(0);
  const done = switching.to('wasm');
  t.match(await switching.cni(add, async () => ({ code: 0 })), { code: 11 }, 'while the host is asked');
  refusing.resolve(undefined);
  t.equal(await done, true);
  t.match(await switching.cni(add, async () => ({ code: 0 })), { code: 11 }, 'and until this life has ended');
});

t.test('a node that was switched keeps it in mind, for a flag or a host that has another word', (t) => {
  const asked = { mode: 'wasm', why: 'asked for', isAsked: true } as const;
  t.same(decideMode({ wish: 'auto', recorded: asked, hasPods: false }), { mode: 'wasm', isKept: false });
  t.same(decideMode({ wish: 'kernel', recorded: asked, hasPods: false }), { mode: 'kernel', isKept: false });
  const back = { ...asked, mode: 'kernel' } as const;
  t.same(
    decideMode({ wish: 'auto', recorded: back, hasPods: false }),
    { mode: 'auto', isKept: false },
    'kernel mode where it is to be had',
  );
  const folder = t.testdir({});
  writeMode(folder, { ...back, leaves: 'wasm' });
  t.same(readMode(folder), { ...back, leaves: 'wasm' });
  t.end();
});
