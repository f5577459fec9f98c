// Runs the import walls and insists that modules were really read: a checker that sees nothing finds nothing.
import { cruise } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs')
const { output } = await cruise(['src'], options, {}, { tsConfig: extractTSConfig('./tsconfig.json') })
const { violations, totalCruised } = output.summary
for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} → ${to}`)
const own = output.modules.filter(module => module.source.startsWith('src/')).length
if (own < 10) throw new Error(`only ${own} modules of src/ were read; the walls were not checked`)
if (violations.length > 0) process.exit(1)
console.log(`walls hold: ${own} modules of ours, ${totalCruised} in all`)
