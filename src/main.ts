/**
 * The terminal door's handle: argv in, exit code out. Wires the doors to the world outside their walls, and is the only place that ends
 * the process. `--version` alone is answered by `bin/mailctl.js`, before this is loaded.
 */
import type { Program } from './cli/run-command.ts'

const argv = process.argv.slice(2)
const version = process.env['MAILCTL_VERSION'] ?? '0.0.0'

await main()

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
    serve: async (app, ask, running) => {
      const [{ serve }, { preferMainThread }] = await Promise.all([import('./serve.ts'), import('./adapters/thread-priority.ts')])
      const serving = await serve(app, ask, running)
      preferMainThread()
      return serving
    },
    openMachine: async config => (await import('./open-app.ts')).openMachine(config),
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
