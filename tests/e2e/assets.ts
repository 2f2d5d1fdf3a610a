/** Where etcd and kube-apiserver are, or why they are unavailable. */
export type Assets = { readonly folder: string } | { readonly missing: string };

/**
 * Finds the executables of a real API server: in KUBEBUILDER_ASSETS (as in Kubernetes' envtest), otherwise in the
 * project's cache folder; builds them there if this machine can, which takes minutes.
 */
export async function findAssets(): Promise<Assets> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`;
  const folder = Deno.env.get("KUBEBUILDER_ASSETS") ||
    `${cache}/kubetail-cluster-agent/kubernetes-1.34`;
  if (isFile(`${folder}/etcd`) && isFile(`${folder}/kube-apiserver`)) return { folder };
  const script = new URL("kubernetes/build.sh", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command("bash", {
    args: [script, "api-server", folder],
    stdout: "null",
  }).output();
  if (success) return { folder };
  return { missing: new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "" };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
