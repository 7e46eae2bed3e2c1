import { afterEach, describe, expect, test } from '@jest/globals';
import { fstatSync } from 'node:fs';
import type { Gate, Turnstile } from '../src/gate.ts';
import { FileGate, FileTurnstile } from '../src/gate-file.ts';
import { SharedGate, SharedTurnstile } from '../src/gate-shared.ts';

const open: Gate[] = [];
afterEach(() => open.splice(0).forEach((gate) => gate.close()));

function keep<G extends Gate>(gate: G): G {
  open.push(gate);
  return gate;
}

/** Both ends in one process: the descriptor and so the read position is the same. */
function fileGate(): { readonly gate: Gate; readonly turnstile: Turnstile } {
  const gate = keep(new FileGate(5));
  return { gate, turnstile: new FileTurnstile(gate.fd) };
}

function sharedGate(): { readonly gate: Gate; readonly turnstile: Turnstile } {
  const gate = keep(new SharedGate());
  return { gate, turnstile: new SharedTurnstile(gate.handle.memory) };
}

describe.each([
  ['file', fileGate],
  ['shared memory', sharedGate],
])('a gate in a %s', (_, make) => {
  test('lets pass in order who was granted it, then nobody', () => {
    const { gate, turnstile } = make();
    expect(turnstile.pass()).toBeUndefined();
    gate.grant(0, 2);
    gate.grant(2, 1);
    expect([turnstile.pass(), turnstile.pass(), turnstile.pass()]).toEqual([0, 1, 2]);
    expect(turnstile.pass()).toBeUndefined();
  });

  test('a permission is used or taken back, never both', () => {
    const { gate, turnstile } = make();
    gate.grant(0, 10);
    turnstile.pass();
    turnstile.pass();
    expect(gate.recall()).toBe(8);
    expect(turnstile.pass()).toBeUndefined();
    expect(gate.recall()).toBe(0);
    gate.grant(10, 1);
    expect(turnstile.pass()).toBe(10);
  });
});

test('a file gate counts on beyond what fits into 32 bits', () => {
  const { gate, turnstile } = fileGate();
  gate.grant(0xffffffff, 2);
  expect([turnstile.pass(), turnstile.pass()]).toEqual([0xffffffff, 0]);
});

test('a file gate gives back the room of what was read, and asks for a moment to do so', () => {
  const gate = keep(new FileGate(5));
  const turnstile = new FileTurnstile(gate.fd);
  const many = 1024 * 1024 + 1;
  gate.grant(0, many);
  expect(gate.tired).toBe(true);
  expect(gate.recall()).toBe(many);
  gate.rest();
  expect(gate.tired).toBe(false);
  expect(fstatSync(gate.fd).blocks).toBe(0);
  gate.grant(many, 1);
  expect(turnstile.pass()).toBe(many);
  expect(fstatSync(gate.fd).blocks).toBeLessThan(64);
});
