// Imports the app and does nothing with it.
import './proj/tq.mjs';
import { leaveMark } from './mark.mjs';

leaveMark();
