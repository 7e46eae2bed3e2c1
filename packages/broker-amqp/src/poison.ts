import type { ChannelModel } from 'amqplib';
import type { Logger } from '@tq/core';

/** The part of the library's connection that reads frames. Not its documented face: where it's missing, nothing is done. */
interface FrameReader {
  rest?: Buffer;
  recvFrame?: () => unknown;
}

export function survivePoison(_model: ChannelModel, _logger: Logger): void {}
