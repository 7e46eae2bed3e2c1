// What a source file imports, read from its syntax tree: comments and strings that look like imports don't count.
import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

/** The specifiers of static imports and re-exports, `import()`, import types, `require()` and `import.meta.resolve()`. */
export function importsOf(file) {
  const syntax = /\.[cm]?ts$/.test(file) ? 'typescript' : 'ecmascript';
  const found = new Set();
  collect(parseSync(readFileSync(file, 'utf8'), { syntax, target: 'esnext' }), found);
  return [...found];
}

/** Visits a syntax tree; its arrays are nodes without a type. */
function collect(node, found) {
  const specifier = specifierOf(node);
  if (specifier !== undefined) found.add(specifier);
  for (const child of Object.values(node)) {
    if (child !== null && typeof child === 'object') collect(child, found);
  }
}

function specifierOf(node) {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return node.source?.value;
    case 'TsImportType':
      return node.argument?.value;
    case 'TsExternalModuleReference':
      return node.expression?.value;
    case 'CallExpression':
      return loads(node.callee) ? literal(node.arguments[0]?.expression) : undefined;
    default:
      return undefined;
  }
}

function loads(callee) {
  if (callee.type === 'Import') return true;
  if (callee.type === 'Identifier') return callee.value === 'require';
  return (
    callee.type === 'MemberExpression' &&
    callee.property.value === 'resolve' &&
    (callee.object.type === 'MetaProperty' || callee.object.value === 'require')
  );
}

function literal(expression) {
  if (expression?.type === 'StringLiteral') return expression.value;
  const isPlain = expression?.type === 'TemplateLiteral' && expression.expressions.length === 0;
  return isPlain ? expression.quasis[0].cooked : undefined;
}
