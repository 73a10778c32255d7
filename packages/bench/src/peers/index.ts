import { OptionError } from '@tweedie/tensor'
import type { PeerFactory } from '../engine.ts'
import { gpuJs } from './gpu.ts'
import { jaxJs } from './jax.ts'
import { onnxWeb } from './onnx.ts'
import { tfjsWasm } from './tfjs.ts'
import { torch, torchAvx2 } from './torch.ts'

/** The other libraries by name, in the order of the report. */
export const peers = {
  'tfjs-wasm': tfjsWasm,
  'ort-web': onnxWeb,
  'jax-js': jaxJs,
  'gpu.js': gpuJs,
  pytorch: torch,
  'pytorch-avx2': torchAvx2,
} as const satisfies Readonly<Record<string, PeerFactory>>

export type PeerName = keyof typeof peers

/** Names that the bench knows other libraries by. */
export const peerNames = Object.keys(peers) as readonly PeerName[]

/** Those that are asked for by name alone: another peer on what a machine need not have. */
const byNameAlone: readonly PeerName[] = ['pytorch-avx2']

/**
 * The factories of the peers that are asked for.
 * @throws {OptionError} for a name that is none of them.
 */
export function chosenPeers(asked: boolean | readonly string[] = false): PeerFactory[] {
  const names =
    typeof asked === 'boolean'
      ? asked
        ? peerNames.filter((name) => !byNameAlone.includes(name))
        : []
      : asked
  return names.map((name) => {
    const known = peerNames.find((peer) => peer === name)
    if (known === undefined)
      throw new OptionError('--peers', `there is no peer '${name}'; peers are: ${peerNames.join(', ')}`)
    return peers[known]
  })
}
