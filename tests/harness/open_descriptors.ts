/**
 * How many files this process holds open. Counted at the calls: a process may read its own /proc only with all
 * permissions, which tests do not have.
 */
export function openDescriptors(): number {
  return open;
}

let open = 0;
const openSync = Deno.openSync;

Deno.openSync = (path, options) => {
  const file = openSync(path, options);
  open++;
  const close = file.close.bind(file);
  file.close = () => {
    close();
    open--;
  };
  return file;
};
