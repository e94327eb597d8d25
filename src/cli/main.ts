#!/usr/bin/env node
import { takeOverProcess } from './command-host.js';
import { runCommandLine } from './command-line.js';

const host = takeOverProcess();
const code = await runCommandLine(process.argv.slice(2), host);
await host.flush();
// Whatever still holds the event loop is of no use any more.
process.exit(code);
