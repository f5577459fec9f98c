/**
 * The terminal door's handle: argv in, exit code out. Wires the doors to the world outside their walls, and is the only place that ends
 * the process. `--version` is answered before anything is loaded.
 */
import type { Program } from './cli/run-command.ts'

const argv = process.argv.slice(2)
const version = process.env['MAILCTL_VERSION'] ?? '0.0.0'

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) writeVersion()
else await main()

/** Straight to the descriptor: opening `process.stdout` would take longer than everything else here. */
function writeVersion(): void {
  try {
    process.getBuiltinModule('node:fs').writeSync(1, `${version}\n`)
  } catch {
    // A pipe that is full for the moment, or whose reader went away: the stream knows both.
    process.stdout.on('error', () => {}).write(`${version}\n`)
  }
}

async function main(): Promise<void> {
  const [{ runCommand }, { loadConfig }, { fileURLToPath }] = await Promise.all([
    import('./cli/run-command.ts'),
    import('./config.ts'),
    import('node:url'),
  ])
  const program: Program = {
    version,
    script: fileURLToPath(new URL('../bin/mailctl.js', import.meta.url)),
    env: process.env,
    // Getters: asking for a standard stream opens it, which a command that never reads need not pay for.
    streams: {
      get stdin() {
        return process.stdin
      },
      get stdout() {
        return process.stdout
      },
      get stderr() {
        return process.stderr
      },
    },
    signal: untilInterrupted(),
    loadConfig,
    openApp: async (config, options) => (await import('./open-app.ts')).openApp(config, options),
    createAccount: async (config, options) => (await import('./open-app.ts')).createAccount(config, options),
  }
  const code = await runCommand(argv, program)
  // A pipe may still hold output; sockets and timers of what was closed must not hold the process.
  process.exitCode = code
  process.stdout.write('', () => process.exit(code))
}

/** The first Ctrl-C or SIGTERM asks the command to end cleanly; the second ends the process. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}
