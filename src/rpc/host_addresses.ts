import { createServer } from "node:net";

/** What listen(2) fails with where a host has no IPv6, or has it switched off. */
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", "EPROTONOSUPPORT"]);

/** Can this host listen on IPv6 addresses? Tries it on a port of the system's choice. */
export function hostHasIpv6(
  listen: (host: string) => Promise<void> = listenOnce,
): Promise<boolean> {
  return listen("::").then(() => true, (error) => !NO_IPV6.has(codeOf(error)));
}

function listenOnce(host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port: 0 }, () => server.close(() => resolve()));
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // Deno's own errors name the code in their text.
  return /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ??
    (/address family not supported/i.test(error.message) ? "EAFNOSUPPORT" : error.name);
}
