// An API server in a process of its own: `node server-process.ts ENDPOINT` says its address; ends when its input does. For what would be measured
// with a test's own hooks in it otherwise.
import { openEtcd } from '../../../orchestrator/etcd/store.ts';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';

const [endpoint] = process.argv.slice(2);
const server = await openApiServer({ store: await openEtcd({ endpoints: [endpoint] }) });
process.stdout.write(`${server.url}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
