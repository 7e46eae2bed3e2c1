export { Client } from './client.ts';
export { createControl } from './control.ts';
export { COMMANDS } from './commands.ts';
export type { CommandName } from './commands.ts';
export { Mailbox } from './mailbox.ts';
export { ControlNode, NO_ANSWER, UnknownCommand } from './node.ts';
export type { ControlNodeParts } from './node.ts';
export { decodeAnswer, decodeCommand, encodeAnswer, encodeCommand } from './messages.ts';
export type { Answer, Command } from './messages.ts';
