// Jest's globalSetup of the projects that need both brokers.
import { provide } from './provide.mjs';

export default () => provide('redis', 'rabbitmq');
