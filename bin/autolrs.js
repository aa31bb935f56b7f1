#!/usr/bin/env node
import { catchSignals, closeDebugger } from '../dist/cli/signals.js';

// Before anything else is loaded: until then SIGUSR1 opens Node's debugger.
catchSignals();
closeDebugger();
const { main } = await import('../dist/cli/main.js').catch((error) => {
  process.stderr.write(`autolrs: its own files cannot be read: ${error.message}\n`);
  process.exit(1);
});
closeDebugger(); // it opens a moment after its signal
await main(process.argv);
