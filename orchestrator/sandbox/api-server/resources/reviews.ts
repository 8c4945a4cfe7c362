// Reviews: questions about who somebody is and what it may do. They are answered at once, and nothing of them is kept.
import { audiencesOfServer } from '../authentication/authentication.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { type Inquiry, type Resource, resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { badRequest } from '../status-error.ts';

type Answer = NonNullable<Resource['answer']>;

function review(group: string, kind: string, answer: Answer, validate: (object: KubeObject) => FieldError[] = () => []): Resource {
  const namespaced = kind.startsWith('Local');
  const plural = `${kind.toLowerCase()}s`;
  return resource({ group, kind, plural, namespaced, verbs: ['create'], schema: definition(kind), answer, validate });
}

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

export const reviews: readonly Resource[] = [
  review(authentication, 'SelfSubjectReview', async (_object, { user }) => ({ userInfo: user })),
  review(authentication, 'TokenReview', tokenStatus),
  review(authorization, 'LocalSubjectAccessReview', othersAccess, subjectErrors),
  review(authorization, 'SelfSubjectAccessReview', async (_object, inquiry) => access(inquiry.user.username, inquiry), attributeErrors),
  review(authorization, 'SelfSubjectRulesReview', async (_object, inquiry) => rules(inquiry)),
  review(authorization, 'SubjectAccessReview', othersAccess, subjectErrors),
];

function attributeErrors(object: KubeObject): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = recordAt(object, 'spec');
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', nonResourceAttributes ?? null, detail)];
}

function subjectErrors(object: KubeObject): FieldError[] {
  const errors = attributeErrors(object);
  const nobody = textAt(object, 'spec', 'user') === '' && listAt(object, 'spec', 'groups').length === 0;
  return nobody ? [...errors, invalid('spec.user', '', 'at least one of user or group must be specified')] : errors;
}

async function othersAccess(object: KubeObject, inquiry: Inquiry): Promise<Json> {
  const groups = listAt(object, 'spec', 'groups');
  return access(textAt(object, 'spec', 'user') || (groups.includes('system:unauthenticated') ? '' : String(groups[0] ?? '')), inquiry);
}

async function tokenStatus(object: KubeObject, { authentication }: Inquiry): Promise<Json> {
  if (textAt(object, 'spec', 'token') === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = listAt(object, 'spec', 'audiences').map(String);
  const found = await authentication.recognize(textAt(object, 'spec', 'token'), asked.length === 0 ? audiencesOfServer : asked);
  if (found === undefined) return { user: {}, error: '[invalid bearer token, unknown]' };
  return { authenticated: true, user: found.user, audiences: found.audiences };
}

/** Whoever is known may do everything: there are no roles here. */
function access(username: string, { authentication }: Inquiry): Json {
  return authentication.allows(username) ? { allowed: true } : { allowed: false };
}

function rules({ user, authentication }: Inquiry): Json {
  const all = authentication.allows(user.username);
  return {
    resourceRules: all ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] : [],
    nonResourceRules: all ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
    incomplete: false,
  };
}
