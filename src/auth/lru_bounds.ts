/**
 * Options of an LRUCache with a maximum of entries. In place of its option `max`, with which it makes room for all of
 * them at once (200 KB for 10,000), however few there are.
 */
export function atMost(entries: number): {
  readonly maxSize: number;
  readonly sizeCalculation: () => number;
} {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
