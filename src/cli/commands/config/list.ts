/** `mailctl config list`: every setting, and what decided it. */
import { printable } from '../../../base/redact.ts'
import type { Config, SettingKey, SettingOrigin } from '../../../ports/settings.ts'
import { command } from '../../command.ts'
import { showTable } from '../../table.ts'

export default command<Config['origins']>({
  path: 'config list',
  summary: 'List the settings',
  examples: ['mailctl config list', 'mailctl config list --origin'],
  options: [{ flags: '--origin', summary: 'say where each comes from: flag, environment, config or default' }],
  fails: ['config'],
  run: async ({ config }) => config.origins,
  json: origins => ({ Settings: Object.entries(origins).map(([Key, { value, origin }]) => ({ Key, Value: value, Origin: origin })) }),
  async show(io, origins, flags) {
    const entries = Object.entries(origins) as [SettingKey, { value: string | null; origin: SettingOrigin }][]
    if (flags['origin'] === true)
      await showTable(io, {
        head: ['Setting', 'Value', 'Origin'],
        rows: entries.map(([key, { value, origin }]) => [key, value ?? '', origin]),
      })
    else for (const [key, { value }] of entries) io.line(`${key}=${printable(value ?? '')}`)
  },
})
