/**
 * What `serve`, the one command that runs for long, needs of Node before its first function is compiled and its first thread is made.
 * Measured, and why: docs/decisions/009-compiling-early.md, 010-young-generation.md, 011-thread-priority.md.
 */
const { availableParallelism } = require('node:os')
const { PerformanceObserver } = require('node:perf_hooks')
const { getHeapSpaceStatistics, setFlagsFromString } = require('node:v8')

/** Both halves of the space where V8 makes new objects. */
const YOUNG_BYTES = 8 * 1024 * 1024

module.exports = function prepareEngine() {
  // It signs on as many cores as there are, beside two threads for the disk.
  process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 2))
  // Newer V8s have a compiler in between, and other names for what follows.
  if (!process.version.startsWith('v20.')) return
  // Its hot code is small and runs from the first message on: V8 is to compile it soon, and to inline less, which costs it most of the time.
  setFlagsFromString('--always-sparkplug')
  setFlagsFromString('--no-lazy-feedback-allocation')
  setFlagsFromString('--interrupt-budget=4000')
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=200')
  // That space is small: to wake helpers who collect it, and to wait for them, takes longer than to do it alone.
  setFlagsFromString('--no-parallel-scavenge')
  keepYoungGenerationSmall()
}

/** V8 has a limit for this that can be set only before it starts; growing by nothing comes to the same. */
function keepYoungGenerationSmall() {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(space => space.space_name === 'new_space')
    if (young === undefined || young.space_size < YOUNG_BYTES) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}
