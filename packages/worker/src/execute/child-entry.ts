/** Children can't run TypeScript: from the sources (in tests) the built entry is used. */
export function childEntry(): string {
  const entry = import.meta.url.endsWith('.ts') ? '../../dist/execute/child.js' : './child.js';
  return new URL(entry, import.meta.url).href;
}
