// Writes the tables of docs/gpu.md: launches, operations and bytes of kernels, what runs on the device, and what
// docs/gpu-measured.json (npm run bench:gpu -- --json docs/gpu-measured.json) says of a card.
// Run: node packages/bench/scripts/gpu-page.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gpuTables, measuredOnACard, withTables } from '../src/gpu-page.ts'

const page = resolve(import.meta.dirname, '../../../docs/gpu.md')
writeFileSync(page, withTables(readFileSync(page, 'utf8'), gpuTables(measuredOnACard())))
