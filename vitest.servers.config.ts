import { defineConfig } from 'vitest/config'

/** Tests against real servers and verifiers from Debian's packages; see scripts/install-servers.sh. */
export default defineConfig({
  test: { include: ['test/servers/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
})
