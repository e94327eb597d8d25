import type { Role } from '../rules/duties.js';
import { attester } from './attester.js';
import { proposer } from './proposer.js';
import { syncCommittee } from './sync-committee.js';
import type { RoleDefinition } from '../rules/role-definition.js';

/** The roles there are, by name. */
export const ROLE_DEFINITIONS: Readonly<Record<Role, RoleDefinition>> = {
  attester,
  proposer,
  'sync-committee': syncCommittee,
};

export { attester, proposer, syncCommittee };
