/** Throwaway certificates: the demo's own maker is the tests' too. */
export {
  createAuthority,
  type KeyPair,
  type ThrowawayAuthority,
} from "../../src/demo/certificates.ts";
