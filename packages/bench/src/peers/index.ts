import { OptionError } from '@tweedie/tensor'
import type { PeerFactory } from '../engine.ts'
import { gpuJs } from './gpu.ts'
import { jaxJs } from './jax.ts'
import { onnxWeb } from './onnx.ts'
import { tfjsWasm } from './tfjs.ts'
import { torch } from './torch.ts'

/** The other libraries by name, in the order of the report. */
export const peers = {
  'tfjs-wasm': tfjsWasm,
  'ort-web': onnxWeb,
  'jax-js': jaxJs,
  'gpu.js': gpuJs,
  pytorch: torch,
} as const satisfies Readonly<Record<string, PeerFactory>>

export type PeerName = keyof typeof peers

/** Names that the bench knows other libraries by. */
export const peerNames = Object.keys(peers) as readonly PeerName[]

/**
 * The factories of the peers that are asked for.
 * @throws {OptionError} for a name that is none of them.
 */
export function chosenPeers(asked: boolean | readonly string[] = false): PeerFactory[] {
  const names = typeof asked === 'boolean' ? (asked ? peerNames : []) : asked
  return names.map((name) => {
    const known = peerNames.find((peer) => peer === name)
    if (known === undefined)
      throw new OptionError('--peers', `there is no peer '${name}'; peers are: ${peerNames.join(', ')}`)
    return peers[known]
  })
}
