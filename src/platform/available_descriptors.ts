/**
 * How many descriptors this process may still open, at most `most`. There is no call that tells the limit of
 * open files, so it is tried, with a file or folder that may be read. Where it cannot be opened: most.
 */
export function availableDescriptors(path: string, most: number): number {
  const opened: Deno.FsFile[] = [];
  try {
    while (opened.length < most) opened.push(Deno.openSync(path));
  } catch (error) {
    // EMFILE comes as a plain Error; anything else says nothing about descriptors.
    if (!/\bos error (?:23|24)\b/.test(String(error))) return most;
  } finally {
    for (const file of opened) file.close();
  }
  return opened.length;
}
