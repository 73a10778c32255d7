// Writes the table of docs/autodiff.md: which derivatives of which primitives run on which device.
// Run: node packages/autograd/scripts/support-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { shippedDevices, supportPage, withTable } from '../src/survey/support.ts'

const page = resolve(import.meta.dirname, '../../../docs/autodiff.md')
writeFileSync(page, withTable(readFileSync(page, 'utf8'), supportPage(await shippedDevices())))
