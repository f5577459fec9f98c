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

// `serve` signs on as many cores as there are, beside two threads for the disk. The pool of threads is made by its first use, so it is told now.
if (process.argv.includes('serve')) process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, require('node:os').availableParallelism() + 2))

if (!answersVersion()) import('../dist/main.js')
