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

if (!answersVersion()) import('../dist/main.js')
