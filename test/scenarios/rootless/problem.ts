// Prints why whoever runs this may not have a sandbox of his own; nothing where he may.
import { rootlessProblem } from '../../../orchestrator/sandbox/rootless.ts';

process.stdout.write(rootlessProblem() ?? '');
