import { isIPv4, isIPv6 } from "node:net";

/** A parsed HOST:PORT. */
export interface Address {
  /** Name or IP without brackets; empty: every address of the host. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Parses ":50051", "127.0.0.1:0", "localhost:80" and "[::1]:50051". Null where the text is none of
 * these: a port is always required, and an IPv6 address needs its brackets, as in a URL.
 */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65535) return null;
  return { host: match[1] ?? match[2] ?? "", port };
}

/**
 * Whether only this very host can reach the address: 127.0.0.0/8 and ::1 in every way of writing
 * them. Of names only localhost (RFC 6761): any other is the resolver's to say, as 127.example.org.
 */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (isIPv4(plain)) return plain.startsWith("127.");
  if (isIPv6(plain)) return /^(?:0{0,4}:){1,7}0{0,3}1$/.test(plain);
  return plain === "localhost";
}
