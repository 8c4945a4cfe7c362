// Node's HTTP. Imported by name, the module makes all that it could have: a WebSocket, for which a whole other client is loaded, some
// 15 MB and a tenth of a second for every process that only wants to ask or answer.

import type { Agent as NodeAgent } from 'node:http';

export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');

export type Agent = NodeAgent;
