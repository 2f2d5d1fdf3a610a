import { createServer } from "node:net";

/** The errors of listen(2) if a host has no IPv6, or has disabled it. */
const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL", "EPROTONOSUPPORT"]);

/** Whether this host can listen on IPv6 addresses. Tries it on a port chosen by the system. */
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
  // Deno's own errors contain the code in their text.
  return /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ??
    (/address family not supported/i.test(error.message) ? "EAFNOSUPPORT" : error.name);
}
