import { backendContract } from '@tq/testkit';
import { sqliteBackend } from '../src/backend.ts';
import { fileUrl, keepOpen, testFolder } from './folder.ts';

const url = fileUrl(testFolder());

keepOpen(url);
backendContract('sqlite', { driver: sqliteBackend, url: () => url });
