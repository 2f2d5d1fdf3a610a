/**
 * Options of an LRUCache with a maximum number of entries. They replace its option `max`, which allocates room for all
 * entries at once (200 KB for 10,000), however few there are.
 */
export function atMost(entries: number): {
  readonly maxSize: number;
  readonly sizeCalculation: () => number;
} {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
