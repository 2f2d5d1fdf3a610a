import type { FrontProxyIdentity, TokenIdentity } from "./identity.ts";
import type { User } from "./user.ts";

/** An identity that the API server can review. */
export type ReviewedIdentity = FrontProxyIdentity | TokenIdentity;

/** Asks the API server, or its substitute. */
export interface Reviewer {
  /**
   * Whether this identity may `get pods/log` in the namespace ("": in all namespaces). Throws Failure if no answer
   * could be obtained, which must never count as a yes.
   */
  review(
    identity: ReviewedIdentity,
    namespace: string,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean>;

  /**
   * Who the bearer of a token is; null if the API server does not say. A reviewer without this method, or whose method
   * throws, counts as one that does not know. Not used for authorization, only to count a user's calls.
   */
  whoIs?(
    identity: TokenIdentity,
    options: { readonly signal: AbortSignal },
  ): Promise<User | null>;
}
