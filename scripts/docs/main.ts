// Writes what is generated of the documentation: `npm run docs`. Run with --help for what else it measures.
import { parseArgs } from 'node:util'
import { renew, strays } from './pages.ts'

const usage = `Usage: npm run docs [-- options]

Renews the frames of docs/methods/*.md and the list of methods, and says what their bodies lack.`

const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } })
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const faults = [...renew(), ...strays().map((path) => `${path}: there is no such method`)]
for (const fault of faults) console.error(fault)
process.exitCode = faults.length > 0 ? 1 : 0
