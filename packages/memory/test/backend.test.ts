import { backendContract, uniqueName } from '@tq/testkit';
import { memoryBackend } from '../src/backend.ts';

backendContract('memory', { driver: memoryBackend, url: () => new URL(`memory://${uniqueName('kit')}`) });
