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

// A link of that name takes the place of another sendmail.
if (require('node:path').basename(process.argv[1]) === 'sendmail') process.argv.splice(2, 0, 'sendmail')
if (process.argv.includes('serve')) require('./prepare-engine.js')()
if (!answersVersion()) import('../dist/main.js')
