type AnyFunction = (...args: never[]) => unknown;

/** Names of a function's parameters, read from its text; destructured ones are called `argN`. */
export function parameterNames(run: AnyFunction): string[] {
  return parameterTexts(run).map((parameter, index) => IDENTIFIER.exec(parameter)?.[1] ?? `arg${index}`);
}

/** Whether a function's last parameter takes all that is left. */
export function hasRest(run: AnyFunction): boolean {
  return parameterTexts(run).at(-1)?.startsWith('...') ?? false;
}

/** The parameters as they are written, without comments. */
export function parameterTexts(run: AnyFunction): readonly string[] {
  let texts = textsOf.get(run);
  if (!texts) textsOf.set(run, (texts = read(Function.prototype.toString.call(run))));
  return texts;
}

const IDENTIFIER = /^(?:\.\.\.\s*)?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u;
const LONE_PARAMETER = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u;

const textsOf = new WeakMap<AnyFunction, readonly string[]>();

/** Splits the parameter list of a function's source at its top-level commas. */
function read(source: string): readonly string[] {
  const lone = LONE_PARAMETER.exec(source)?.[1];
  if (lone !== undefined) return [lone];
  const texts: string[] = [];
  let text = '';
  let depth = 0;
  for (let index = 0; index < source.length; index++) {
    const after = afterOpaque(source, index);
    const char = source[index] as string;
    if (after !== undefined) {
      if (!char.startsWith('/')) text += source.slice(index, after);
      index = after - 1;
    } else if (depth === 0) {
      if (char === '(') depth = 1; // the list begins; what stood before it is the name
      text = '';
    } else if (depth === 1 && (char === ',' || char === ')')) {
      texts.push(text.trim());
      text = '';
      if (char === ')') break;
    } else {
      if ('([{'.includes(char)) depth++;
      if (')]}'.includes(char)) depth--;
      text += char;
    }
  }
  return texts.filter((parameter) => parameter !== '');
}

/** Where a comment or a text that begins here ends, whose brackets and commas mean nothing. */
function afterOpaque(source: string, from: number): number | undefined {
  if (source.startsWith('//', from)) return end(source.indexOf('\n', from), source);
  if (source.startsWith('/*', from)) return end(source.indexOf('*/', from + 2), source) + 2;
  const quote = source[from] as string;
  if (!'\'"`'.includes(quote)) return undefined;
  for (let index = from + 1; index < source.length; index++) {
    if (source[index] === '\\') index++;
    else if (source[index] === quote) return index + 1;
  }
  return source.length;
}

function end(found: number, source: string): number {
  return found < 0 ? source.length : found;
}
