// SPDX-License-Identifier: EUPL-1.2
import {
  fail,
  RECORD_UNKNOWN,
  type Result,
  ROLE_FORBIDDEN,
  SCOPE_EXCEEDED,
  succeed,
} from "@nyckelring/protocol";
import type { Fact, Permission } from "./facts.ts";
import type { Register, User } from "./register.ts";

type RoleFact = Extract<Fact, { kind: "role-defined" }>;

/** All that anybody may do. Reading across providers is the municipal on-call's alone. */
const EVERYTHING: readonly Permission[] = [
  "providers",
  "users",
  "roles",
  "staff",
  "places",
  "groups",
  "clients",
  "client-activity",
  "consents",
  "rights",
  "shifts",
  "locks",
  "stations",
  "revocation",
  "emergency-request",
  "emergency-approval",
  "issuer-keys",
  "read-own",
  "read-all",
  "read-audit",
];

const PLANNING: readonly Permission[] = [
  "staff",
  "client-activity",
  "rights",
  "shifts",
  "revocation",
  "emergency-request",
  "read-own",
];

/** Name of the role that an authority's first user has. @public */
export const FOUNDER_ROLE = "trygghetsjouren";

/**
 * The roles that an authority starts with. They are records like any other: more can be defined,
 * and none of them belongs to carers, who have no login.
 * @public
 */
export const FIRST_ROLES: readonly RoleFact[] = [
  {
    kind: "role-defined",
    role: FOUNDER_ROLE,
    tenancy: "municipal",
    permissions: EVERYTHING,
  },
  {
    kind: "role-defined",
    role: "installer",
    tenancy: "municipal",
    permissions: ["locks"],
  },
  {
    kind: "role-defined",
    role: "auditor",
    tenancy: "municipal",
    permissions: ["read-audit"],
  },
  {
    kind: "role-defined",
    role: "planner",
    tenancy: "provider",
    permissions: PLANNING,
  },
  {
    kind: "role-defined",
    role: "unit-head",
    tenancy: "provider",
    permissions: [...PLANNING, "users", "emergency-approval"],
  },
];

/**
 * Decides whether a user may do something, for the municipality or for one provider.
 *
 * Security: a subject of another tenant is answered exactly as one that does not exist.
 *
 * @param provider - Tenant that the subject belongs to; null for what belongs to the municipality,
 *   undefined where tenancy is decided by what is returned.
 * @returns The user, or `ROLE_FORBIDDEN` for a role that lacks the permission or a stranger, or
 *   `RECORD_UNKNOWN` for another tenant's subject.
 * @public
 */
export function authorise(
  register: Register,
  userNumber: number,
  permission: Permission,
  provider?: number | null,
): Result<User> {
  const user = register.users.get(userNumber);
  if (user === undefined || !permissionsOf(register, user.role).includes(permission)) {
    return fail(ROLE_FORBIDDEN);
  }
  if (provider !== undefined && user.provider !== null && user.provider !== provider) {
    return fail(RECORD_UNKNOWN);
  }
  return succeed(user);
}

/**
 * Tells whether a user may do something somewhere.
 * @public
 */
export function hasPermission(register: Register, user: User, permission: Permission): boolean {
  return permissionsOf(register, user.role).includes(permission);
}

/**
 * Decides whether a user may hand out a set of permissions: only those that the user's own role
 * holds, and within the own tenant.
 *
 * @returns `SCOPE_EXCEEDED` if the user lacks one of them.
 * @public
 */
export function authoriseGift(
  register: Register,
  giver: User,
  tenancy: "municipal" | "provider",
  permissions: readonly Permission[],
): Result<true> {
  const own = permissionsOf(register, giver.role);
  const lacks = permissions.some((permission) => !own.includes(permission));
  const leavesTenant = giver.provider !== null && tenancy === "municipal";
  return lacks || leavesTenant ? fail(SCOPE_EXCEEDED) : succeed(true);
}

function permissionsOf(register: Register, role: string): readonly Permission[] {
  return register.roles.get(role)?.permissions ?? [];
}
