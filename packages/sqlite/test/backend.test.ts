import { backendContract, uniqueName } from '@tq/testkit';
import { sqliteBackend } from '../src/backend.ts';
import { fileUrl, testFolder } from './folder.ts';

const folder = testFolder();

backendContract('sqlite', { driver: sqliteBackend, url: () => fileUrl(folder, uniqueName('results')) });
