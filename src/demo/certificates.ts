import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" };
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate and its private key (PKCS #8), both as PEM text. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority that exists as long as the object does, for demos and tests. */
export interface ThrowawayAuthority {
  /** The CA's own certificate, PEM. */
  readonly cert: string;
  /** A server certificate for localhost, 127.0.0.1 and ::1, and the given DNS names. */
  server(options?: { names?: readonly string[]; notAfter?: Date }): Promise<KeyPair>;
  /** A client certificate with commonName as its subject CN. */
  client(commonName: string, options?: { notAfter?: Date }): Promise<KeyPair>;
}

/**
 * Creates a CA with a new key (ECDSA P-256). Everything that it signs is valid from an hour ago, because clocks may
 * differ, for a day.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { createAuthority } from "./certificates.ts";
 *
 * const authority = await createAuthority("Demo CA");
 * const { cert, key } = await authority.server();
 * assert.ok(cert.startsWith("-----BEGIN CERTIFICATE-----"));
 * assert.ok(key.startsWith("-----BEGIN PRIVATE KEY-----"));
 * ```
 */
export async function createAuthority(commonName = "Throwaway CA"): Promise<ThrowawayAuthority> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject(commonName),
    keys,
    ...validity(),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issue(
    name: string,
    purpose: x509.ExtendedKeyUsage,
    notAfter: Date | undefined,
    extensions: x509.Extension[],
  ): Promise<KeyPair> {
    const own = await crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: subject(name),
      issuer: root.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      ...validity(notAfter),
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([purpose]),
        await x509.AuthorityKeyIdentifierExtension.create(root),
        await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
        ...extensions,
      ],
    });
    const key = await crypto.subtle.exportKey("pkcs8", own.privateKey);
    return {
      cert: `${certificate.toString("pem")}\n`,
      key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
    };
  }

  return {
    cert: `${root.toString("pem")}\n`,
    server: ({ names = [], notAfter } = {}) =>
      issue("localhost", x509.ExtendedKeyUsage.serverAuth, notAfter, [
        new x509.SubjectAlternativeNameExtension([
          ...["localhost", ...names].map((value) => ({ type: "dns" as const, value })),
          { type: "ip", value: "127.0.0.1" },
          { type: "ip", value: "::1" },
        ]),
      ]),
    client: (name, { notAfter } = {}) =>
      issue(name, x509.ExtendedKeyUsage.clientAuth, notAfter, []),
  };
}

/** The subject as its parts: in text form, a comma in a name would need escaping. */
function subject(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }];
}

function validity(notAfter = new Date(Date.now() + DAY_MS)): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Math.min(Date.now(), notAfter.getTime()) - DAY_MS / 24), notAfter };
}
