import { ROLE_DEFINITIONS } from '../../machines/roles/index.js';
import { DUTY_KINDS, type DutyKind, type Role } from '../../machines/rules/duties.js';

/** The kinds of duty that some roles have, in the order in which they are shown. */
export function kindsOfRoles(roles: readonly Role[]): readonly DutyKind[] {
  const kinds = new Set(roles.flatMap((role) => ROLE_DEFINITIONS[role].kinds.map(({ kind }) => kind)));
  return DUTY_KINDS.filter((kind) => kinds.has(kind));
}
