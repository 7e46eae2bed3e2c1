// Jest's globalTeardown of the projects that need a broker.
import { release } from './provide.mjs';

export default release;
