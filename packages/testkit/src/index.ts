/** Contract kits and helpers for the tests of tq: what every store, transport and backend must do. */
export { backendContract } from './backend-contract.ts';
export type { BackendContractOptions } from './backend-contract.ts';
export { brokerThrough } from './broker-through.ts';
export { storeContract } from './store-contract.ts';
export type { StoreContractOptions, StoreWhere } from './store-contract.ts';
export { transportContract } from './transport-contract.ts';
export type { TransportContractOptions } from './transport-contract.ts';
export { eventually, within } from './eventually.ts';
export type { EventuallyOptions } from './eventually.ts';
export { FakeClock } from './fake-clock.ts';
export { FaultyTransport } from './faulty-transport.ts';
export { entries, entry, message, numbered, richMessage, textOf, textsOf, uniqueName } from './fixtures.ts';
export { memoryLogger } from './memory-logger.ts';
export type { LogLine, MemoryLogger } from './memory-logger.ts';
export { poolContract } from './pool-contract.ts';
export type { ContractPayload, PoolContractOptions } from './pool-contract.ts';
