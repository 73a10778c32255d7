// Writes the tables of docs/gpu.md: launches, operations and bytes of kernels, and what runs on the device.
// Run: node packages/bench/scripts/gpu-page.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gpuTables, withTables } from '../src/gpu-page.ts'

const page = resolve(import.meta.dirname, '../../../docs/gpu.md')
writeFileSync(page, withTables(readFileSync(page, 'utf8'), gpuTables()))
