import type { FrontProxyIdentity, TokenIdentity } from "./identity.ts";
import type { User } from "./user.ts";

/** Who can be asked about at the API server. */
export type ReviewedIdentity = FrontProxyIdentity | TokenIdentity;

/** Asks the API server, or what stands in for it. */
export interface Reviewer {
  /**
   * May this identity `get pods/log` in the namespace ("": in every one)? Throws Failure where no
   * answer could be obtained, which must never count as a yes.
   */
  review(
    identity: ReviewedIdentity,
    namespace: string,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean>;

  /**
   * Who the bearer of a token is; null where the API server does not say. A reviewer without it, or one
   * that throws, counts as one that does not know. Not used for authorization, only to count a user's calls.
   */
  whoIs?(
    identity: TokenIdentity,
    options: { readonly signal: AbortSignal },
  ): Promise<User | null>;
}
