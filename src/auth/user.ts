import { createHash } from "node:crypto";
import type { FrontProxyIdentity, TokenIdentity } from "./identity.ts";

/** A user as described by Kubernetes' authentication API (UserInfo), without its uid. */
export interface User {
  readonly user: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** For whom the calls of a user are counted. */
export interface UserKey {
  /** Equal for all calls of one user, based on the whole user: see userHash. */
  readonly user: string;
  /** Equal for all users that one subject may be: see accountHash. */
  readonly account: string;
}

/** Extras that describe the credential rather than its owner: the token's id, the pod that it is bound to. */
const OF_CREDENTIAL = "authentication.kubernetes.io/";

/**
 * SHA-256 of the whole user: name, groups and extras, in a canonical form, except for the extras that describe the
 * credential. So all tokens of one ServiceAccount are one user.
 */
export function userHash({ user, groups, extra }: User): string {
  const ofUser = [...extra].filter(([name]) => !name.startsWith(OF_CREDENTIAL));
  return sha256(JSON.stringify([user, distinct(groups), canonicalExtra(new Map(ofUser))]));
}

const SERVICE_ACCOUNT = /^(system:serviceaccount:[^:]+:).*/;

/**
 * SHA-256 of the user's name, without groups and extras, which may differ from call to call; for a ServiceAccount, of
 * its namespace, because anyone who can create one there can create a thousand.
 */
export function accountHash({ user }: Pick<User, "user">): string {
  return sha256(JSON.stringify(["account", user.replace(SERVICE_ACCOUNT, "$1")]));
}

/**
 * Hashes of identities in use: hashing one with a thousand groups takes a millisecond, and each review needs the hash.
 */
const hashes = new WeakMap<object, string>();

/**
 * SHA-256 of a canonical form: the order of groups and extras does not matter, and no token can be recovered from it.
 */
export function identityHash(identity: FrontProxyIdentity | TokenIdentity): string {
  const known = hashes.get(identity);
  if (known !== undefined) return known;
  const hash = hashOf(identity);
  hashes.set(identity, hash);
  return hash;
}

function hashOf(identity: FrontProxyIdentity | TokenIdentity): string {
  if (identity.kind === "token") return sha256(JSON.stringify(["token", identity.token]));
  const { user, groups, extra } = identity;
  return sha256(JSON.stringify(["front-proxy", user, distinct(groups), canonicalExtra(extra)]));
}

/** Extras in a form that does not depend on their order. */
function canonicalExtra(extra: User["extra"]): [string, string[]][] {
  return [...extra]
    .map(([name, values]): [string, string[]] => [name, distinct(values)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** SHA-256 of the UTF-8 text, in hexadecimal digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
