const globs = new Map<string, RegExp>();

/** What a pattern stands for: `*` is any text, `?` one character, `[abc]` and `[!abc]` one of these or none of these. */
export function globExpression(glob: string): RegExp {
  let expression = globs.get(glob);
  if (!expression) {
    const source = glob.replace(/\[(!?)(\]?[^\]]*)\]|([*?])|[\\^$.|+()[\]{}]/g, globPart);
    globs.set(glob, (expression = new RegExp(`^${source}$`, 's')));
  }
  return expression;
}

function globPart(
  part: string,
  not: string | undefined,
  set: string | undefined,
  wild: string | undefined,
): string {
  if (wild !== undefined) return wild === '*' ? '.*' : '.';
  if (set) return `[${not ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
  return part.replace(/[\\^$.|+()[\]{}!]/g, '\\$&');
}
