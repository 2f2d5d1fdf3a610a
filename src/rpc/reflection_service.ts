import { status as Status } from "@grpc/grpc-js";
import { on } from "node:events";
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
  ServerReflectionServer,
} from "../generated/grpc/reflection.ts";
import type { Calls } from "./calls.ts";
import { drained } from "./drained.ts";

const method = {
  name: "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  kind: "unbounded",
  access: "public",
  check: () => undefined,
} as const;

/**
 * grpc.reflection.v1, so that grpcurl and similar tools need no .proto files. Needs no identity: it returns only what
 * is published in proto/.
 *
 * @param load reads the descriptors; called by the first request, and again after a failure
 */
export function reflectionService(
  calls: Calls,
  load: () => Promise<Descriptors> = loadDescriptors,
): ServerReflectionServer {
  let loaded: Descriptors | null = null;
  return {
    serverReflectionInfo: calls.duplex<ServerReflectionRequest, ServerReflectionResponse>(
      method,
      async ({ signal }, call) => {
        const requests: AsyncIterable<ServerReflectionRequest[]> = on(call, "data", {
          signal,
          close: ["end"],
          highWaterMark: MAX_QUEUED_REQUESTS,
        });
        for await (const [request] of requests) {
          if (request === undefined) continue;
          loaded ??= await load();
          const response = {
            valid_host: request.host,
            original_request: request,
            ...answer(request, loaded),
          };
          if (!call.write(response) && !await drained(call, signal)) return;
        }
      },
    ),
  };
}

/** Beyond this number, a client waits until its earlier requests are answered. */
const MAX_QUEUED_REQUESTS = 16;

type Answer = Partial<ServerReflectionResponse>;

/** Queries about the files under proto/. */
export interface Descriptors {
  readonly services: readonly string[];
  /** The file's descriptor and those of all its imports, serialized; null for an unknown name. */
  byFileName(name: string): Buffer[] | null;
  bySymbol(symbol: string): Buffer[] | null;
  isMessage(symbol: string): boolean;
}

function answer(request: ServerReflectionRequest, descriptors: Descriptors): Answer {
  if (request.list_services !== undefined) {
    const service = descriptors.services.map((name) => ({ name }));
    return { list_services_response: { service } };
  }
  if (request.file_by_filename !== undefined) {
    return files(descriptors.byFileName(request.file_by_filename), request.file_by_filename);
  }
  if (request.file_containing_symbol !== undefined) {
    const symbol = request.file_containing_symbol;
    return files(descriptors.bySymbol(symbol), symbol);
  }
  if (request.all_extension_numbers_of_type !== undefined) {
    const type = request.all_extension_numbers_of_type;
    if (!descriptors.isMessage(type)) return notFound(type);
    return { all_extension_numbers_response: { base_type_name: type, extension_number: [] } };
  }
  if (request.file_containing_extension !== undefined) {
    return notFound(`an extension of ${request.file_containing_extension.containing_type}`);
  }
  return {
    error_response: { error_code: Status.INVALID_ARGUMENT, error_message: "nothing was asked" },
  };
}

function files(file_descriptor_proto: Buffer[] | null, name: string): Answer {
  if (file_descriptor_proto === null) return notFound(name);
  return { file_descriptor_response: { file_descriptor_proto } };
}

function notFound(name: string): Answer {
  return { error_response: { error_code: Status.NOT_FOUND, error_message: `not found: ${name}` } };
}

async function loadDescriptors(): Promise<Descriptors> {
  const { createFileRegistry, fromBinary, toBinary } = await import("@bufbuild/protobuf");
  const { FileDescriptorProtoSchema, FileDescriptorSetSchema } = await import(
    "@bufbuild/protobuf/wkt"
  );
  const { fileDescriptorSet } = await import("../generated/descriptors.ts");
  const set = fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, "base64"));
  const registry = createFileRegistry(set);
  const byFileName = (name: string): Buffer[] | null => {
    const wanted = new Map<string, Buffer>();
    const add = (path: string) => {
      const file = set.file.find((file) => file.name === path);
      if (file === undefined || wanted.has(path)) return;
      wanted.set(path, Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
      file.dependency.forEach(add);
    };
    add(name);
    return wanted.size > 0 ? [...wanted.values()] : null;
  };
  const fileOf = (symbol: string): string | undefined => {
    const found = registry.get(symbol);
    if (found !== undefined) return found.file.proto.name;
    // A method's name is that of its service and one more word.
    const dot = symbol.lastIndexOf(".");
    const service = registry.getService(symbol.slice(0, dot));
    return service?.methods.some((method) => method.name === symbol.slice(dot + 1))
      ? service.file.proto.name
      : undefined;
  };
  return {
    services: [...registry].filter((type) => type.kind === "service").map((type) => type.typeName),
    byFileName,
    bySymbol(symbol) {
      const file = fileOf(symbol);
      return file === undefined ? null : byFileName(file);
    },
    isMessage: (symbol) => registry.getMessage(symbol) !== undefined,
  };
}
