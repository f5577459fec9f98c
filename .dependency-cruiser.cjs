// The walls of docs/architecture.md, in the form that dependency-cruiser enforces.
const doors = ['operations', 'mail', 'base']
const may = {
  base: [],
  mail: ['base'],
  wire: ['mail', 'base'],
  lab: ['wire', 'mail', 'base'],
  account: ['mail', 'base'],
  ports: ['account', 'mail', 'base'],
  delivery: ['ports', 'mail', 'base'],
  operations: ['delivery', 'ports', 'account', 'mail', 'base'],
  adapters: ['ports', 'account', 'wire', 'mail', 'base'],
  cli: doors,
  http: [...doors, 'wire'],
  smtpd: [...doors, 'wire'],
  worker: [...doors, 'delivery'],
}
const wall = ([room, rooms]) => ({
  name: `${room}-walls`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    pathNot: `^src/(${[room, ...rooms, ...(rooms.includes('operations') ? ['account', 'ports'] : [])].join('|')})/`,
  },
})
module.exports = {
  forbidden: [
    ...Object.entries(may).map(wall),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'test-kit-apart', severity: 'error', from: { path: '^src/(?!test-kit/)' }, to: { path: '^src/test-kit/' } },
    {
      name: 'test-kit-walls',
      severity: 'error',
      from: { path: '^src/test-kit/' },
      to: { path: '^src/(adapters|lab|delivery|worker|smtpd)/' },
    },
    {
      name: 'doors-use-types-only',
      severity: 'error',
      from: { path: '^src/(cli|http|smtpd|worker)/' },
      to: { path: '^src/(account|ports)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms',
      severity: 'error',
      from: { path: '^src/(base|mail|account)/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|url|stream|string_decoder)$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
}
