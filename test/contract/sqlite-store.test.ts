import { onTestFinished } from 'vitest'
import { createAccount, openAccount } from '../../src/adapters/sqlite/account-file.ts'
import { ENGINE_NAMES, type Engine, findEngine } from '../../src/adapters/sqlite/engines.ts'
import { T0, tempFolder } from '../support/account.ts'
import { storeContract } from './store.ts'

const engines = ENGINE_NAMES.map(findEngine).filter((engine): engine is Engine => typeof engine !== 'string')
if (engines.length === 0) throw new Error('no SQLite engine to test with')

for (const engine of engines) {
  storeContract(`sqlite with ${engine.name}`, async () => {
    const home = tempFolder()
    createAccount({ home, region: 'us-east-1', clock: 'virtual', startAt: T0 - 1_000 }) // so that the bucket has filled at T0
    let machineNow = Date.now()
    const open = () => {
      const { store } = openAccount(home, 'live', { engine, machineNow: () => machineNow })
      onTestFinished(() => store.close())
      return store
    }
    return {
      store: open(),
      again: async () => open(),
      pass: ms => {
        machineNow += ms
      },
    }
  })
}
