// Writes the table of docs/tolerances.md: the bounds of the primitives, and the errors measured here.
// Run: node packages/autograd/scripts/tolerance-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { withTable } from '../src/survey/support.ts'
import { toleranceTable } from '../src/survey/tolerances.ts'

const page = resolve(import.meta.dirname, '../../../docs/tolerances.md')
writeFileSync(page, withTable(readFileSync(page, 'utf8'), toleranceTable(), 'tolerances'))
