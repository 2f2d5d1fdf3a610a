/**
 * How many descriptors this process can still open, at most `most`. No call reports the limit of open files, so it is
 * found by opening `path`, a readable file or folder, repeatedly. Returns `most` if `path` cannot be opened.
 */
export function availableDescriptors(path: string, most: number): number {
  const opened: Deno.FsFile[] = [];
  try {
    while (opened.length < most) opened.push(Deno.openSync(path));
  } catch (error) {
    // EMFILE arrives as a plain Error; any other error says nothing about descriptors.
    if (!/\bos error (?:23|24)\b/.test(String(error))) return most;
  } finally {
    for (const file of opened) file.close();
  }
  return opened.length;
}
