import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundle } from "../../../hack/bundle.ts";
import { agent, runFlags } from "../../../hack/permissions.ts";
import { writeImage } from "./image.ts";

/** The parts of busybox that the pods of the tests use. */
const APPLETS =
  "sh sleep cat ls date seq head tail wc ps find id tr awk echo grep true readlink timeout wget"
    .split(" ");

/** Writes the images of a node's tests into a folder: the agent's (tag dev), busybox and the pause container. */
export async function writeImages(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const root = mkdtempSync(join(tmpdir(), "image-"));
  try {
    const small = join(root, "small");
    mkdirSync(join(small, "bin"), { recursive: true });
    mkdirSync(join(small, "tmp"));
    copyFileSync(onPath("busybox"), join(small, "bin/busybox"));
    for (const applet of APPLETS) symlinkSync("busybox", join(small, "bin", applet));
    const pause = { name: "docker.io/local/pause:1", entrypoint: ["/bin/sleep", "2147483647"] };
    const busybox = { name: "docker.io/library/busybox:1.37", entrypoint: ["/bin/sh"] };
    writeImage(small, pause, join(folder, "pause.tar"));
    writeImage(small, busybox, join(folder, "busybox.tar"));
    await writeAgentImage(join(root, "agent"), join(folder, "agent.tar"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/**
 * The bundle with the binary's flags, run by Deno itself. The released image differs only in that `deno compile` has
 * combined the two into one file, which needs a runtime that this machine does not have.
 */
async function writeAgentImage(root: string, archive: string): Promise<void> {
  const deno = Deno.execPath();
  const preloaded = agent.environment["LD_PRELOAD"];
  const libraries = preloaded === undefined
    ? sharedLibraries(deno)
    : [...sharedLibraries(deno), preloaded, ...sharedLibraries(preloaded)];
  for (const file of [deno, ...libraries]) {
    const to = join(root, file === deno ? "/usr/bin/deno" : file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(file, to, { dereference: true });
    chmodSync(to, 0o755);
  }
  const { entry } = await bundle(agent, join(root, "agent"));
  writeImage(root, {
    name: "docker.io/library/kubetail-cluster-agent-deno:dev",
    user: "65532:65532",
    env: [
      "DENO_NO_UPDATE_CHECK=1",
      "DENO_DIR=/nowhere",
      ...Object.entries(agent.environment).map(([name, value]) => `${name}=${value}`),
    ],
    entrypoint: [
      "/usr/bin/deno",
      "run",
      "--quiet",
      "--no-config",
      "--no-npm",
      "--no-remote",
      ...runFlags(agent, "/agent"),
      entry.slice(root.length),
    ],
  }, archive);
}

/** Paths of the files that the dynamic linker loads, including itself (ldd(1)). */
function sharedLibraries(executable: string): string[] {
  const { stdout } = new Deno.Command("ldd", { args: [executable] }).outputSync();
  return [...new TextDecoder().decode(stdout).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
}

function onPath(command: string): string {
  const { stdout } = new Deno.Command("which", { args: [command] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}
