/** For sibling packages; no promise of stability. */
export { toError } from './errors.ts';
export { readTls, tlsInQuery } from './tls.ts';
export { hungUpAdvice, tlsFailure } from './tls-failure.ts';
export { deferred } from './deferred.ts';
export type { Deferred } from './deferred.ts';
export { Feed } from './feed.ts';
export { perSecond } from './rate.ts';
export { pieces, Turn } from './turn.ts';
export type { Place } from './turn.ts';
export { LamportClock } from './lamport.ts';
export { Lazy, startAll } from './lifecycle.ts';
export { stderrLogger } from './logger.ts';
export { connectAny } from './connect.ts';
export { backoffMs } from './backoff.ts';
export { settingName, settingNames } from './config.ts';
export type { ContextHost, ContextQuestion } from './context.ts';
export { CHORD_MEMORY_MS, chordLeaseMs, inHeaderOrder, WAITING } from './chord.ts';
export { camelCase } from './spelling.ts';
export { didYouMean } from './did-you-mean.ts';
export { checkBackendUrl, checkBrokerUrl } from './drivers.ts';
export { shownBackend, shownBroker } from './shown-address.ts';
export { maskUrl, parseUrl } from './url.ts';
export { durationMs, durationSeconds, instantMs } from './duration.ts';
export { DELIVERIES_HEADER, readRequest } from './message/request.ts';
export { isProtocol1, upgradeProtocol1 } from './message/protocol1.ts';
export { readBody } from './message/protocol2.ts';
export { formatInZone, offsetMs, zoneOf } from './zone.ts';
export { defaultNodeName, expandFileName, expandNodeName, senderName, workerTitle } from './nodename.ts';
export { declareQueue, queueSpec } from './declare-queue.ts';
export type { PublishPlan } from './producer.ts';
export { completeQueueOf, consumedQueues, definedQueues, queueNamed } from './queues.ts';
export type { Queue } from './queues.ts';
export { decodeMessage, runTask } from './run.ts';
export type { RunInput } from './run.ts';
export { applied as applySignature } from './signature.ts';
export { formatIso, parseIso } from './message/dates.ts';
export { errorToWire, wireToError } from './message/errors.ts';
export { decodeMeta, encodeMeta, readMeta, wireErrorToResult } from './message/meta.ts';
export { jsonResults, resultCodec } from './message/result-codec.ts';
export { repr, reprError } from './message/repr.ts';
export { decodeJson, encodeJson } from './serialize/json.ts';
export { utf8TextOf } from './serialize/utf8.ts';
export { isFinal } from './states.ts';
export { argsRepr, kwargsRepr } from './message/repr.ts';
export { compress, decompress } from './serialize/compress.ts';
export {
  bodyOf,
  chainData,
  chordData,
  foldedChain,
  groupData,
  headerOf,
  kindOf,
  ownId,
  partsOf,
  unrolled,
  withKwargs,
  withLink,
} from './compose.ts';
export { dispatch } from './dispatch.ts';
export { groupsOf } from './group-result.ts';
export { takesFailure } from './parameters.ts';
export { FAILURE_HEADER } from './message/request.ts';
export { mergeOptions, optionsFromWire, optionsToWire, signatureData } from './call-options.ts';
export { globExpression } from './glob.ts';
export { toCamel, toSnake } from './spelling.ts';
export { areRevokesRecorded, isRecordedAsRevoked, recordRevoked } from './record-revoked.ts';
