// Renews the tables of docs/training.md, from the fields and options of `tweedie train`; part of `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { dataTable, fieldTable } from '../src/commands/train/field-docs.ts'

const page = resolve(import.meta.dirname, '../../../docs/training.md')
const is = readFileSync(page, 'utf8')
const should = Object.entries({ data: dataTable(), fields: fieldTable() }).reduce(
  (text, [name, table]) =>
    text.replace(
      new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
      (_, start: string, end: string) => `${start}\n${table}\n\n${end}`,
    ),
  is,
)
if (is !== should) writeFileSync(page, should)
