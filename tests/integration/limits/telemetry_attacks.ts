import { silentSocket } from "../../harness/raw_http2.ts";
import type { Attack } from "./attack_connections.ts";

/** Attacks on the telemetry port, by name. */
export const telemetryAttacks = {
  "paths that are not there, on the telemetry port": async (prey) => {
    for (let index = 0; index < 200; index++) {
      const socket = await silentSocket(prey.telemetryPort);
      const get = (path: string) => `GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
      for (let part = 0; part < 20; part++) {
        socket?.write(
          Array.from({ length: 50 }, (_, i) => get(`${index}-${part}-${i}${"p".repeat(200)}`))
            .join(""),
        );
      }
    }
  },

  "slow requests on the telemetry port": async (prey) => {
    const sockets = [];
    for (let index = 0; index < 200; index++) {
      const socket = await silentSocket(prey.telemetryPort);
      socket?.write("GET /metrics HTTP/1.1\r\nHost: x\r\n");
      if (socket !== null) sockets.push(socket);
    }
    for (let part = 0; part < 30; part++) {
      for (const socket of sockets) {
        if (!socket.destroyed) socket.write(`x-${part}: ${"v".repeat(4000)}\r\n`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },

  "sockets on the telemetry port": async (prey) => {
    for (let index = 0; index < 1000; index++) {
      const socket = await silentSocket(prey.telemetryPort);
      if (index % 2 === 0) socket?.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
      if (index % 4 === 0) socket?.pause();
    }
  },
} satisfies Record<string, Attack>;
