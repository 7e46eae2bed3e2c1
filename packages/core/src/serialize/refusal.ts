import { types } from 'node:util';
import { classNameOf } from '../message/peek.ts';

/** `args[0].when` or `kwargs["first name"]`. */
export function pathText(root: string, trail: readonly (string | number)[]): string {
  return trail.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step)) return `${path}[${JSON.stringify(step)}]`;
    return path === '' ? step : `${path}.${step}`;
  }, root);
}

/** Why an object that is neither plain nor known does not travel, and what to send instead. */
export function whyNot(value: object): string {
  if (types.isPromise(value)) return 'it is a promise; await it first';
  if (types.isSet(value)) return 'a Set would arrive as a list; send [...set]';
  if (types.isMap(value)) return 'a Map with keys that are not strings has no form in JSON; send [...map]';
  if (types.isAnyArrayBuffer(value)) return 'wrap the ArrayBuffer: new Uint8Array(buffer)';
  if (ArrayBuffer.isView(value)) return `a ${nameOf(value)} would arrive as bytes; send Array.from(it)`;
  if (types.isNativeError(value)) return 'an Error only travels when it is thrown; send its message';
  return `it is an instance of ${nameOf(value)}, which would arrive without its class; send a plain object, give the class a toJSON() or register it with registerType()`;
}

function nameOf(value: object): string {
  return classNameOf(value) || 'a class without a name';
}
