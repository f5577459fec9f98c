/** Debian's Chromium without a window, which finds no name and so reaches nothing but loopback. */
import { type Browser, chromium } from 'playwright-core'

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Its own sandbox wants privileges that a container does not give; what it shows here is ours.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  })
