import {
  FollowFrom,
  LogMetadataListRequest,
  LogRecordsStreamRequest,
} from "../../../src/generated/cluster_agent.ts";
import { ServerReflectionRequest } from "../../../src/generated/grpc/reflection.ts";
import { request } from "../../harness/calls.ts";
import {
  callHeaders,
  frame,
  grpcMessage,
  headersFrame,
  type RawConnection,
  repeatedHeader,
  silentSocket,
} from "../../harness/raw_http2.ts";
import { type Attack, everyConnection, largeCalls, many } from "./attack_connections.ts";
import { telemetryAttacks } from "./telemetry_attacks.ts";

const LIST = "/cluster_agent.LogMetadataService/List";
const WATCH = "/cluster_agent.LogMetadataService/Watch";
const FORWARD = "/cluster_agent.LogRecordsService/StreamForward";
const HEALTH_WATCH = "/grpc.health.v1.Health/Watch";
const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const everything = LogMetadataListRequest.encode({ namespaces: [] }).finish();
const mallory = [["x-remote-user", "mallory"]] as const;
const HUGE_WINDOW = 2 ** 31 - 1;

function bomb(connection: RawConnection, streams = 60): void {
  const block = (first: boolean) =>
    Buffer.concat([
      callHeaders(LIST),
      first ? repeatedHeader("x-a", "v".repeat(4000), 3900) : Buffer.alloc(3900, 0x80 | 62),
    ]);
  const frames: Uint8Array[] = [];
  for (let index = 0; index < streams; index++) {
    frames.push(headersFrame(connection.newStream(), block(index === 0), 5));
  }
  connection.send(...frames);
}

/** All attacks, by name. */
export const attacks = {
  "header bombs, allowed name": (prey) => many(10, prey, (connection) => bomb(connection)),
  "header bombs, other name": (prey) =>
    many(10, prey, (connection) => bomb(connection), { who: "other" }),
  "header bombs, no certificate": (prey) =>
    many(10, prey, (connection) => bomb(connection), { who: "none" }),

  "header blocks without end": (prey) =>
    many(50, prey, (connection) => {
      const stream = connection.newStream();
      connection.send(frame(1, 0, stream, callHeaders(LIST)));
      for (let index = 0; index < 300; index++) {
        connection.send(frame(9, 0, stream, Buffer.alloc(index % 3 === 0 ? 0 : 4000, 0x82)));
      }
    }),

  "large identities in many calls": (prey) =>
    many(2, prey, (connection) => {
      const groups = Array.from({ length: 1000 }, (_, i) =>
        ["x-remote-group", `group-${i}`] as const);
      for (let index = 0; index < 250; index++) {
        connection.call(LIST, everything, [...mallory, ...groups]);
      }
    }, { window: 0 }),

  "requests that are never finished": (prey) =>
    many(20, prey, (connection) => {
      for (let index = 0; index < 250; index++) {
        const stream = connection.newStream();
        connection.send(headersFrame(stream, callHeaders(LIST, mallory)));
        for (let part = 0; part < 4; part++) {
          connection.send(frame(0, 0, stream, new Uint8Array(16_000)));
        }
      }
    }),

  "requests that are never finished, over 200 connections": (prey) =>
    many(200, prey, (connection) => {
      for (let index = 0; index < 4; index++) {
        const stream = connection.newStream();
        connection.send(headersFrame(stream, callHeaders(LIST, mallory)));
        for (let part = 0; part < 8; part++) {
          connection.send(frame(0, 0, stream, new Uint8Array(16_000)));
        }
      }
    }),

  "reflection without reading": (prey) =>
    many(8, prey, (connection) => {
      connection.stopReading();
      const ask = grpcMessage(
        ServerReflectionRequest.encode({
          host: "",
          file_containing_symbol: "cluster_agent.LogRecordsService",
        }).finish(),
      );
      for (let index = 0; index < 30; index++) {
        const stream = connection.newStream();
        connection.send(headersFrame(stream, callHeaders(REFLECTION)));
        for (let part = 0; part < 20; part++) {
          connection.send(frame(0, 0, stream, Buffer.concat(Array(100).fill(ask))));
        }
      }
    }, { window: HUGE_WINDOW, who: "other" }),

  "health watches": (prey) =>
    many(26, prey, (connection) => {
      for (let index = 0; index < 1000; index++) connection.call(HEALTH_WATCH, new Uint8Array(0));
    }),

  "health watches of connections with another name": (prey) =>
    many(300, prey, (connection) => {
      for (let index = 0; index < 6; index++) connection.call(HEALTH_WATCH, new Uint8Array(0));
    }, { who: "other" }),

  "half-open handshakes": async (prey) => {
    for (let index = 0; index < 5000 * (prey.share ?? 1); index += 100) {
      await Promise.all(Array.from({ length: 100 }, () => silentSocket(prey.port)));
    }
  },

  "idle connections": (prey) => many(600, prey, () => {}),

  "1,500 Lists at once": (prey) =>
    many(1, prey, (connection) => {
      for (let index = 0; index < 1500; index++) connection.call(LIST, everything, mallory);
    }),

  "500 Lists of as many users, unread": (prey) =>
    many(5, prey, (connection, number) => {
      for (let index = 0; index < 100; index++) {
        connection.call(LIST, everything, [["x-remote-user", `user-${number}-${index}`]]);
      }
    }, { window: 0 }),

  "8,000 finished and unread streams": (prey) =>
    many(4, prey, (connection) => {
      const empty = LogRecordsStreamRequest.encode(
        request({
          ...prey.log,
          start_time: "2024-10-01T05:00:00Z",
          stop_time: "2024-10-01T05:00:00Z",
        }),
      ).finish();
      for (let index = 0; index < 2000; index++) connection.call(FORWARD, empty, mallory);
    }, { window: 0 }),

  "4 x 250 unread streams": (prey) =>
    many(4, prey, (connection, number) => {
      const all = LogRecordsStreamRequest.encode(request(prey.log)).finish();
      for (let index = 0; index < 250; index++) {
        connection.call(FORWARD, all, [["x-remote-user", `user-${number}`]]);
      }
    }),

  "unread streams with open windows": (prey) =>
    many(4, prey, (connection, number) => {
      connection.stopReading();
      const all = LogRecordsStreamRequest.encode(request(prey.log)).finish();
      for (let index = 0; index < 250; index++) {
        connection.call(FORWARD, all, [["x-remote-user", `user-${number}`]]);
      }
    }, { window: HUGE_WINDOW }),

  "unread streams over 200 connections with open windows": (prey) =>
    many(200, prey, (connection, number) => {
      connection.stopReading();
      const all = LogRecordsStreamRequest.encode(request(prey.log)).finish();
      for (let index = 0; index < 5; index++) {
        connection.call(FORWARD, all, [["x-remote-user", `user-${number % 4}`]]);
      }
    }, { window: HUGE_WINDOW }),

  "unread Watches": (prey) =>
    many(1, prey, (connection) => {
      for (let index = 0; index < 250; index++) connection.call(WATCH, everything, mallory);
    }, { window: 0 }),

  "calls reset as soon as begun": (prey) =>
    many(4, prey, async (connection) => {
      const all = LogRecordsStreamRequest.encode(request(prey.log)).finish();
      for (let index = 0; index < 3000 && !connection.isClosed; index++) {
        const stream = connection.call(FORWARD, all, mallory);
        connection.send(frame(3, 0, stream, Buffer.of(0, 0, 0, 8)));
        if (index % 100 === 0) await connection.flushed();
      }
    }),

  "pings whose answers are not read": (prey) =>
    many(4, prey, async (connection) => {
      connection.stopReading();
      const pings = Buffer.concat(
        Array.from({ length: 1000 }, () => frame(6, 0, 0, Buffer.alloc(8))),
      );
      for (let index = 0; index < 1000 && !connection.isClosed; index++) {
        connection.send(pings);
        if (index % 50 === 0) await connection.flushed();
      }
    }),

  "large patterns in many streams": (prey) =>
    largeCalls(4, prey, (connection, index) => ({
      path: FORWARD,
      message: LogRecordsStreamRequest.encode(request({
        ...prey.log,
        follow_from: FollowFrom.END,
        grep: `${connection}-${index}-${"x".repeat(120_000)}`,
      })).finish(),
      user: `user-${connection}`,
    })),

  "patterns whose syntax trees are large": (prey) => {
    const forms = ["a ".repeat(5000), ".".repeat(20_000), "(?i)abcdefgh".repeat(2000)];
    return largeCalls(4, prey, (connection, index) => ({
      path: FORWARD,
      message: LogRecordsStreamRequest.encode(request({
        ...prey.log,
        grep: `${connection}-${index}|${forms[index % forms.length]}`,
      })).finish(),
      user: `user-${connection}`,
    }), 12);
  },

  "Watches of many namespaces": (prey) => {
    const namespaces = Array.from({ length: 1000 }, (_, index) => `${index}-${"n".repeat(58)}`);
    const message = LogMetadataListRequest.encode({ namespaces }).finish();
    return largeCalls(4, prey, (connection) => ({
      path: WATCH,
      message,
      user: `user-${connection}`,
    }));
  },

  "requests in frames of one byte, over 200 connections": (prey) =>
    many(200, prey, (connection) => {
      const stream = connection.newStream();
      const head = Buffer.from([0, 0, 1, 0, 0]); // A message of 64 KiB.
      connection.send(
        headersFrame(stream, callHeaders(LIST, mallory)),
        frame(0, 0, stream, head),
        Buffer.concat(Array(20_000).fill(frame(0, 0, stream, Buffer.of(0)))),
      );
    }),

  "frames without content": (prey) =>
    many(8, prey, async (connection) => {
      const stream = connection.newStream();
      connection.send(headersFrame(stream, callHeaders(LIST, mallory)));
      const flood = Buffer.concat(Array(5000).fill(frame(0, 0, stream)));
      for (let index = 0; index < 100 && !connection.isClosed; index++) {
        connection.send(flood);
        await connection.flushed();
      }
    }),

  "frames that change nothing, over 100 connections": (prey) =>
    everyConnection(100, prey, async (connection) => {
      const flood = Buffer.concat(
        Array(1500).fill([
          frame(8, 0, 0, Buffer.of(0, 0, 0, 1)), // WINDOW_UPDATE
          frame(2, 0, 1, Buffer.of(0, 0, 0, 0, 1)), // PRIORITY
          frame(0xfe, 0, 0, Buffer.of(1)), // of an unknown type
        ]).flat(),
      );
      for (let index = 0; index < 30 && !connection.isClosed; index++) {
        connection.send(flood);
        await connection.flushed();
      }
    }),

  "settings that change again and again": (prey) =>
    everyConnection(50, prey, async (connection) => {
      const settings = [0, 65_535].map((size) => {
        const one = Buffer.alloc(12);
        one.writeUInt16BE(1); // SETTINGS_HEADER_TABLE_SIZE
        one.writeUInt32BE(size, 2);
        one.writeUInt16BE(4, 6); // SETTINGS_INITIAL_WINDOW_SIZE
        one.writeUInt32BE(size, 8);
        return frame(4, 0, 0, one);
      });
      const flood = Buffer.concat(Array(1000).fill(settings).flat());
      for (let index = 0; index < 20 && !connection.isClosed; index++) {
        connection.send(flood);
        await connection.flushed();
      }
    }),

  "header tables that change their size": (prey) =>
    many(20, prey, async (connection) => {
      const sizes = Buffer.from([0x20, 0x3f, 0xe1, 0x1f]); // 0, then 4,096
      for (let index = 0; index < 50 && !connection.isClosed; index++) {
        const block = Buffer.concat([...Array(4000).fill(sizes), callHeaders(LIST, mallory)]);
        connection.send(headersFrame(connection.newStream(), block, 5));
        await connection.flushed();
      }
    }),

  "header blocks that never end, over 400 connections": (prey) =>
    many(400, prey, (connection) => {
      const stream = connection.newStream();
      connection.send(frame(1, 0, stream, Buffer.alloc(16_000, 0x82)));
      for (let part = 0; part < 6; part++) {
        connection.send(frame(9, 0, stream, Buffer.alloc(16_000, 0x82)));
      }
    }),

  "streams that are opened and left with a connection": (prey) =>
    many(8, prey, async (connection) => {
      const all = LogRecordsStreamRequest.encode(
        request({ ...prey.log, follow_from: FollowFrom.END }),
      ).finish();
      for (let index = 0; index < 2000; index++) {
        connection.call(FORWARD, all, [["x-remote-user", `user-${index % 8}`]]);
      }
      await connection.flushed();
      await new Promise((resolve) => setTimeout(resolve, 500));
      connection.end();
    }),

  "made-up tokens": (prey) =>
    many(8, prey, (connection, number) => {
      for (let index = 0; index < 1000; index++) {
        connection.call(LIST, everything, [["authorization", `Bearer made-up-${number}-${index}`]]);
      }
    }, { who: "none" }),

  ...telemetryAttacks,
} satisfies Record<string, Attack>;

export type AttackName = keyof typeof attacks;

/** For agents that do not request certificates. */
export const withoutCertificate: readonly AttackName[] = [
  "header bombs, no certificate",
  "made-up tokens",
];
