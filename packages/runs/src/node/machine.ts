import { cpus } from 'node:os'
import { describeDevice } from '../record/finish.ts'
import type { Machine } from '../record/record.ts'

/**
 * This machine, its default device, and these versions.
 * @param version - Of tweedie.
 */
export function describeMachine(version: string): Machine {
  const all = cpus()
  return {
    tweedie: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    device: describeDevice(),
  }
}
