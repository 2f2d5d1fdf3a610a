/** Throwaway certificates: the tests use the demo's generator. */
export {
  createAuthority,
  type KeyPair,
  type ThrowawayAuthority,
} from "../../src/demo/certificates.ts";
