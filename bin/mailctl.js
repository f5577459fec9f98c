#!/usr/bin/env node
// CommonJS, as package.json beside it says: `--version` is answered before Node's loader of ES modules has to start.
const answersVersion = () => {
  const [flag, ...more] = process.argv.slice(2)
  if (more.length > 0 || (flag !== '--version' && flag !== '-V')) return false
  try {
    require('node:fs').writeSync(1, `${require('../package.json').version}\n`)
    return true
  } catch {
    return false // a pipe that is full for the moment, or whose reader went away: the program knows what to do
  }
}

// What must be said before the first function is compiled and the first thread is made, for the one command that runs for long.
const prepareEngine = () => {
  // It signs on as many cores as there are, beside two threads for the disk.
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, require('node:os').availableParallelism() + 2))
  // Its hot code is small and runs from the first message on: V8 is to compile it soon, and to inline less, which costs it most of the
  // time. Newer V8s have a compiler in between and other names for this: docs/decisions/009-compiling-early.md.
  if (!process.version.startsWith('v20.')) return
  const { setFlagsFromString } = require('node:v8')
  setFlagsFromString('--always-sparkplug')
  setFlagsFromString('--no-lazy-feedback-allocation')
  setFlagsFromString('--interrupt-budget=4000')
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=200')
}

// A link of that name takes the place of another sendmail.
if (require('node:path').basename(process.argv[1]) === 'sendmail') process.argv.splice(2, 0, 'sendmail')
if (process.argv.includes('serve')) prepareEngine()
if (!answersVersion()) import('../dist/main.js')
