import { arch, cpus, platform, totalmem } from 'node:os'
import process from 'node:process'
import type { Machine } from './report.ts'

/** This machine. */
export function machine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  }
}
