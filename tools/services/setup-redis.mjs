// Jest's globalSetup of the projects that need Redis.
import { provide } from './provide.mjs';

export default () => provide('redis');
