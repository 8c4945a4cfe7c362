// Where an agent listens, and where its callers look for it.

/** Everything; the owner's only. */
export const writeSocketName = 'axoneme.sock';
/** GET only; a group's too. */
export const readSocketName = 'axoneme-read.sock';
/** The group that may use it, where the system has it. */
export const readGroupName = 'axoneme';

/** Run folder of an agent that was told no other. */
export const defaultRunFolder = '/run/axoneme';
