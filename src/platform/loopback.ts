import { isIPv4, isIPv6 } from "node:net";

/**
 * Whether only this host can reach the address: 127.0.0.0/8 and ::1 in every notation. The only name that counts is
 * localhost (RFC 6761): any other, such as 127.example.org, depends on the resolver.
 */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (isIPv4(plain)) return plain.startsWith("127.");
  if (isIPv6(plain)) return /^(?:0{0,4}:){1,7}0{0,3}1$/.test(plain);
  return plain === "localhost";
}
